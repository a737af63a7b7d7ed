// @ts-check
/** The messages typed on this page: their articles, and which of them still wait for an answer. */

import { pictureOf } from "../media/picture.js";
import { MessageView } from "./message_view.js";
import { words } from "../language/words.js";

export class Questions {
  /** @type {MessageView[]} oldest first */
  #open = [];

  /** @param {import("./thread_view.js").ThreadView} thread */
  constructor(thread) {
    this.thread = thread;
  }

  get first() {
    return this.#open[0] ?? null;
  }

  /** @param {import("../wire/setup_message.js").Typed} typed @param {MessageView|null} earlier */
  add({ id, text, media }, earlier) {
    const view = earlier ?? new MessageView("user");
    this.#open.push(view);
    if (!earlier) {
      Object.assign(view, { clientId: id, media });
      for (const one of media) view.addPart(null, pictureOf(one));
      view.setText(text);
      this.thread.add(view);
    }
    if (!navigator.onLine) view.setNote(words.waiting);
    this.thread.toLatest();
  }

  /** @param {string} id */
  find(id) {
    return this.thread.find(({ clientId }) => clientId === id);
  }

  /** @param {MessageView} view */
  answered(view) {
    this.#open = this.#open.filter((other) => other !== view);
  }

  /** @param {string} id It will not be answered here. */
  withdraw(id) {
    const view = this.find(id);
    this.#open = this.#open.filter((other) => other !== view);
    return view;
  }

  /** @param {string} id @param {string} note why it did not go out */
  notSent(id, note) {
    const view = this.withdraw(id);
    view?.setNote(note);
    view?.setStatus("unsent");
  }

  /** @param {string[]} ids of those that will be sent again anyway @returns the others that nobody has answered */
  waiting(ids) {
    return this.#open.filter(({ clientId }) => !ids.includes(clientId ?? ""));
  }

  /** @param {string[]} ids Those that will be sent again; the others had their chance. */
  keep(ids) {
    for (const id of ids) this.find(id)?.setNote(words.waiting);
    this.#open = this.#open.filter(({ clientId }) => clientId !== null && ids.includes(clientId));
  }

  /** @param {string} id @param {string} row @param {string} [note] */
  settle(id, row, note = "") {
    const view = this.find(id);
    if (!view) return null;
    view.row = row || view.row;
    view.setNote(note);
    view.setStatus("complete");
    return view;
  }
}

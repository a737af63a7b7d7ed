// @ts-check
/** What the person says aloud, as it is heard upstream: it grows beside the answer and becomes an ordinary message. */

import { Deadline } from "../foundation/deadline.js";
import { MessageView } from "./message_view.js";

/** Milliseconds. */
const PATIENCE = 12_000;

export class Speech {
  /** @type {MessageView|null} of the turn of now */
  #current = null;
  #anew = false;
  #patience;

  /** @param {import("./thread_view.js").ThreadView} thread @param {() => void} unanswered A model may choose not to
   *  answer, and says nothing of that. */
  constructor(thread, unanswered) {
    this.thread = thread;
    this.#patience = new Deadline(unanswered);
  }

  /** Whether the turn of now was spoken. */
  get open() {
    return this.#current !== null;
  }

  /** @param {string} text @param {MessageView|null} answer that is under way: what was said stands before it */
  heard(text, answer) {
    if (!this.#current) {
      this.#current = new MessageView("user", "audio");
      if (answer) this.thread.addBefore(this.#current, answer);
      else this.thread.add(this.#current);
    }
    if (this.#anew) this.#current.setText(text);
    else this.#current.append(text);
    this.#anew = false;
    this.#patience.set(PATIENCE);
  }

  /** Another upstream hears the question: what it makes of it takes the place of what the first one made. */
  heardAnew() {
    this.#anew = this.open;
  }

  /** @param {string} row where it stands in the record */
  saved(row) {
    if (this.#current && row) this.#current.row = row;
  }

  /** The turn is over. */
  end() {
    this.#current?.setStatus("complete");
    this.#current = null;
    this.#anew = false;
    this.#patience.clear();
  }

  /** What never got a row is told by the record, if it was heard at all. */
  forgetUnsaved() {
    for (const view of this.thread.messages) {
      if (view !== this.#current && view.modality === "audio" && view.role === "user" && !view.row) this.thread.remove(view);
    }
  }
}

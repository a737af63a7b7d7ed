// @ts-check
/** The answer that is given or awaited: begun as a placeholder, grown by what comes, closed with a status. */

import { MessageView } from "./message_view.js";

export class Answer {
  /** @type {MessageView|null} */
  view = null;
  /** @type {MessageView|null} the typed message that it answers */
  asked = null;
  /** @type {import("../wire/protocol.js").Served|null} */
  served = null;
  /** @type {Set<string>} rows of answers that others were asked for instead */
  dropped = new Set();

  /** @param {import("./thread_view.js").ThreadView} thread */
  constructor(thread) {
    this.thread = thread;
  }

  /** @param {MessageView|null} asked */
  begin(asked) {
    this.asked = asked;
    this.view = new MessageView("model");
    this.view.article.classList.add("awaited");
    this.thread.add(this.view);
    this.thread.setBusy(true);
    return this.view;
  }

  /** @param {() => MessageView|null} asked what a new one would answer @returns {MessageView} */
  growing(asked) {
    const view = this.view ?? this.begin(asked());
    if (!view.transport && this.served) {
      Object.assign(view, { transport: this.served.transport, model: this.served.model });
      view.refresh();
    }
    return view;
  }

  /** @param {string} status what it is where the server has not said it */
  close(status) {
    const { view } = this;
    this.view = null;
    view?.article.classList.remove("awaited");
    view?.setStatus(view.status === "pending" ? status : view.status);
    this.thread.setBusy(false);
  }

  /** Nothing will be said after all. */
  drop() {
    if (!this.view || this.view.text) return;
    this.thread.remove(this.view);
    if (this.view.row) this.dropped.add(this.view.row);
    this.view = null;
    this.thread.setBusy(false);
  }
}

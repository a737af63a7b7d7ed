// @ts-check
/** Which message belongs to which turn: live events become articles of one thread. */

import { lost } from "./failure_view.js";
import { MessageView } from "./message_view.js";
import { Questions } from "./questions.js";
import { words } from "../language/words.js";

export class Turns {
  /** @type {MessageView|null} the answer that is being given or awaited */
  active = null;
  /** @type {import("../wire/protocol.js").Served|null} */
  #served = null;

  /** @param {import("./thread_view.js").ThreadView} thread @param {(asked: MessageView) => void} askAgain */
  constructor(thread, askAgain) {
    this.thread = thread;
    this.askAgain = askAgain;
    this.questions = new Questions(thread);
  }

  /** @param {string} id @param {string} text @param {MessageView|null} [earlier] its article, if it was said before */
  said(id, text, earlier = null) {
    this.questions.add(id, text, earlier);
    if (!this.active) this.#begin();
  }

  /** @param {string} id @param {string} note why a typed message did not go out */
  notSent(id, note) {
    this.questions.withdraw(id, note);
    if (!this.questions.first) this.#dropPlaceholder();
  }

  /** @param {import("../wire/protocol.js").LiveEvent} event @returns {boolean} false for a failure of no turn */
  take(event) {
    if (event.type === "served") this.#served = event.served;
    else if (event.type === "saved") this.#saved(event.id, event.message);
    else if (event.type === "notSaved") this.#notSaved(event.id);
    else if (event.type === "turn") this.#turn(event.turn);
    else if (event.type === "text") this.#growing().append(event.text);
    else if (event.type === "thought") this.#growing().appendThought(event.text);
    else if (event.type === "interrupted") this.active?.setStatus("interrupted");
    else if (event.type === "turnComplete") this.#end(this.active?.text ? "complete" : "no_reply");
    else if (event.type === "failure") return this.#failed(event.failure);
    return true;
  }

  /** @param {string[]} unconfirmed ids that will be sent again */
  connectionLost(unconfirmed) {
    const asked = this.questions.first;
    this.questions.keep(unconfirmed);
    if (!this.active) return;
    if (this.active.text) this.#close("interrupted");
    else if (asked && asked === this.questions.first) this.#dropPlaceholder();
    else this.#fail(this.active, lost(words.lost));
  }

  connected() {
    if (this.questions.first && !this.active) this.#begin();
  }

  #begin() {
    this.active = new MessageView("model");
    this.active.article.classList.add("awaited");
    this.thread.add(this.active);
    this.thread.setBusy(true);
  }

  #growing() {
    if (!this.active) this.#begin();
    const view = /** @type {MessageView} */ (this.active);
    if (!view.transport && this.#served) {
      Object.assign(view, { transport: this.#served.transport, model: this.#served.model });
      view.refresh();
    }
    return view;
  }

  /** @param {import("../wire/protocol.js").Turn} turn */
  #turn(turn) {
    const earlier = this.thread.find((view) => view.row === turn.message);
    if (!earlier && this.active?.row) this.#end("interrupted");
    const last = turn.status !== "pending" && !this.active ? this.thread.lastAnswer : null;
    const view = earlier ?? (last && last.row === null ? last : this.#growing());
    Object.assign(view, { row: turn.message, transport: turn.transport, model: turn.model });
    view.firstOutputMs = turn.firstOutputMs ?? view.firstOutputMs;
    view.setStatus(turn.status);
  }

  /** @param {string} status what it is where the server has not said it */
  #end(status) {
    if (!this.active) return;
    this.questions.firstIsAnswered();
    this.#close(status);
    this.connected();
  }

  /** @param {string} status */
  #close(status) {
    const view = /** @type {MessageView} */ (this.active);
    this.active = null;
    view.article.classList.remove("awaited");
    view.setStatus(view.status === "pending" ? status : view.status);
    this.thread.setBusy(false);
  }

  /** @param {import("../wire/protocol.js").Failure} failure */
  #failed(failure) {
    const last = this.thread.lastAnswer;
    const view = this.active ?? (last?.status === "failed" && !last.hasFailure ? last : null);
    if (view) this.#fail(view, failure);
    return view !== null;
  }

  /** Where the record ends with a failed turn, it can be asked again. */
  offerRetry() {
    const last = this.thread.messages.at(-1);
    if (last?.status === "failed" && !last.hasFailure) this.#fail(last, lost(words.noAnswer));
  }

  /** @param {MessageView} view @param {import("../wire/protocol.js").Failure} failure */
  #fail(view, failure) {
    const asked = this.thread.before(view, "user");
    view.fail(failure, failure.retryable && asked ? () => this.askAgain(asked) : null);
    if (view === this.active) this.#end("failed");
  }

  /** @param {string} id @param {string} row empty for a message that an earlier connection had brought there */
  #saved(id, row) {
    const view = this.questions.settle(id, row);
    if (!view || row || !this.active || this.active.row) return;
    if (this.thread.find((other) => other.role === "model" && (other.position ?? 0) > (view.position ?? Infinity))) {
      this.questions.withdraw(id, "");
      this.#dropPlaceholder();
    } else this.#fail(this.active, lost(words.lost));
  }

  /** @param {string} id empty where the answer is meant */
  #notSaved(id) {
    if (id) this.questions.settle(id, "", words.notSaved);
    else (this.active ?? this.thread.lastAnswer)?.setNote(words.notSaved);
  }

  #dropPlaceholder() {
    if (!this.active || this.active.text) return;
    this.thread.remove(this.active);
    this.active = null;
    this.thread.setBusy(false);
  }
}

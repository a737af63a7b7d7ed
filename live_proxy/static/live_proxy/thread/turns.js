// @ts-check
/** Which message belongs to which turn: live events become articles of one thread. */

import { Answer } from "./answer.js";
import { lost } from "./failure_view.js";
import { Questions } from "./questions.js";
import { Retrying } from "./retrying.js";
import { Speech } from "./speech.js";
import { words } from "../language/words.js";

/** @typedef {import("./message_view.js").MessageView} MessageView */

export class Turns {
  free = () => {}; // called when no turn is open any more, and nothing came that would say so
  /** @param {import("./thread_view.js").ThreadView} thread @param {(asked: MessageView) => void} askAgain */
  constructor(thread, askAgain) {
    this.thread = thread;
    this.answer = new Answer(thread);
    this.retrying = new Retrying(thread, askAgain);
    this.questions = new Questions(thread);
    this.speech = new Speech(thread, () => {
      if (this.active) return;
      this.#end("no_reply");
      this.free();
    });
  }

  /** The answer that is given or awaited. */
  get active() {
    return this.answer.view;
  }

  /** @param {import("../wire/setup_message.js").Typed} typed @param {MessageView|null} [earlier] its article, if it was said before */
  said(typed, earlier = null) {
    this.questions.add(typed, earlier);
    this.connected();
  }

  /** @param {string} id @param {string} note why a typed message did not go out */
  notSent(id, note) {
    this.questions.notSent(id, note);
    if (!this.questions.first) this.answer.drop();
  }

  /** @param {import("../wire/protocol.js").LiveEvent} event @returns {boolean} false for a failure of no turn */
  take(event) {
    if (event.type === "served") this.#served(event.served);
    else if (event.type === "saved") this.#saved(event.id, event.message);
    else if (event.type === "notSaved") this.#notSaved(event.id);
    else if (event.type === "turn") this.#turn(event.turn);
    else if (event.type === "text") this.#growing().append(event.text);
    else if (event.type === "spoken") this.#growing(true).append(event.text);
    else if (event.type === "audio") this.#growing(true);
    else if (event.type === "part") this.#growing().addPart(event.part);
    else if (event.type === "heard") this.#heard(event.text);
    else if (event.type === "thought") this.#growing().appendThought(event.text);
    else if (event.type === "interrupted") this.active?.setStatus("interrupted");
    else if (event.type === "turnComplete") this.#end(this.active?.text ? "complete" : "no_reply");
    else if (event.type === "failure") return this.#failed(event.failure);
    return true;
  }

  /** @param {string[]} unconfirmed ids that will be sent again
   *  @param {boolean} [again] whether what has no answer yet is asked on the next connection */
  connectionLost(unconfirmed, again = false) {
    const [first, waiting, answered] = [this.questions.first, this.questions.waiting(unconfirmed), this.answer.asked];
    const heard = Boolean(this.active?.text);
    this.questions.keep(unconfirmed);
    this.speech.end();
    if (!this.active) this.thread.setBusy(false);
    else if (heard) this.answer.close("interrupted");
    else if (again || !answered || (first && first === this.questions.first)) this.answer.drop();
    else this.#fail(this.active, lost(words.lost));
    for (const asked of again ? waiting : []) if (!heard || asked !== answered) this.retrying.askAgain(asked);
  }

  connected() {
    if (this.questions.first && !this.active) this.answer.begin(this.questions.first);
  }

  /** @param {import("../wire/protocol.js").Served} served */
  #served(served) {
    this.answer.served = served;
    if (!this.active?.text) this.speech.heardAnew();
  }

  /** @param {string} text What was said stands before its answer, however late it is written down. */
  #heard(text) {
    this.speech.heard(text, this.active && (this.active.text || !this.answer.asked) ? this.active : null);
    this.thread.setBusy(true); // it is read out once, when it is complete
  }

  #growing(aloud = false) {
    const view = this.answer.growing(() => (this.speech.open ? null : this.questions.first));
    if (aloud) view.modality = "audio";
    return view;
  }

  /** @param {import("../wire/protocol.js").Turn} turn */
  #turn(turn) {
    this.speech.saved(turn.question);
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
    this.speech.end();
    if (!this.active) return this.thread.setBusy(false);
    if (this.answer.asked) this.questions.answered(this.answer.asked);
    this.answer.close(status);
    this.connected();
  }

  /** @param {import("../wire/protocol.js").Failure} failure */
  #failed(failure) {
    const last = this.thread.lastAnswer;
    const view = this.active ?? (last?.status === "failed" && !last.hasFailure ? last : null);
    if (view) this.#fail(view, failure);
    return view !== null;
  }

  /** @param {MessageView} view @param {import("../wire/protocol.js").Failure} failure */
  #fail(view, failure) {
    this.retrying.fail(view, failure);
    if (view === this.active) this.#end("failed");
  }

  /** @param {string} id @param {string} row empty for a message that an earlier connection had brought there */
  #saved(id, row) {
    const view = this.questions.settle(id, row);
    if (!view || row || !this.active || this.active.row) return;
    if (this.thread.find((other) => other.role === "model" && (other.position ?? 0) > (view.position ?? Infinity))) {
      this.questions.withdraw(id);
      this.answer.drop();
    } else this.#fail(this.active, lost(words.lost));
  }

  #notSaved(/** @type {string} empty where the answer is meant */ id) {
    if (id) this.questions.settle(id, "", words.notSaved);
    else (this.active ?? this.thread.lastAnswer)?.setNote(words.notSaved);
  }
}

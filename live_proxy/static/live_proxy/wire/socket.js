// @ts-check
/** The page's connection: comes back by itself. Fires `state`, `live`, `dropped`, `refused`, and `blocked` if never open. */

import { CONFIRMATION_DEADLINE } from "./backoff.js";
import { isFinal, isPoisonous } from "./close_codes.js";
import { Comeback } from "./comeback.js";
import { Connection } from "./connection.js";
import { Outbox } from "./outbox.js";
import { Place } from "./place.js";
import { readFrame, socketAddress } from "./protocol.js";
import { typedMessage } from "./setup_message.js";
import { Shape } from "./shape.js";

/** @typedef {"idle"|"connecting"|"ready"|"waiting"|"closed"} State */
export class LiveSocket extends EventTarget {
  state = /** @type {State} */ ("idle");
  /** @type {number|null} the last close code */
  code = null;
  reason = ""; // what the server said with it
  outbox = new Outbox();
  held = false; // while the conversation is served in another way
  #connection = /** @type {Connection|null} */ (null);
  #comeback = new Comeback(() => this.connect());

  /** @param {string|null} conversation @param {import("./setup_message.js").Wishes} wishes */
  constructor(conversation, wishes) {
    super();
    this.place = new Place(conversation);
    this.shape = new Shape(wishes);
  }

  /** Opens the connection unless there is one, or one is on its way. */
  connect() {
    if (this.#connection || this.held) return;
    this.#comeback.cancel();
    this.shape.outdated = false;
    this.#connection = new Connection(
      socketAddress(this.place.wanted, location.href),
      this.shape.message,
      (frame) => this.#receive(frame),
      (code, reason) => this.#closed(code, reason),
    );
    this.#enter("connecting");
  }

  send(/** @type {import("./setup_message.js").Typed} */ typed) {
    this.outbox.add(typed);
    if (this.state === "ready") this.#flush();
    else this.connect();
  }

  /** Bytes that wait in the browser. */
  get backlog() {
    return this.#connection?.backlog ?? 0;
  }

  /** @param {string} message @returns {boolean} false where nobody serves: it is left out */
  sendNow(message) {
    if (this.state !== "ready" || !this.#connection) return false;
    this.#connection.send(message);
    return true;
  }

  /** Other wishes, or talking, need another set-up: a connection that there is is replaced when it may be.
   *  @param {Parameters<Shape["change"]>[0]} change */
  reshape(change) {
    if (this.shape.change(change)) this.settle();
  }

  /** Between two turns: the time for a connection of another kind. */
  settle() {
    if (this.shape.outdated && this.state !== "closed" && this.state !== "idle") this.reopen(true);
  }

  /** A new connection at once, to the same conversation.
   *  @param {boolean} [again] whether what nobody has begun to answer is to be asked on it */
  reopen(again = false) {
    this.drop(again);
    this.connect();
  }

  /** Nothing goes through any more. */
  giveUp() {
    this.#connection?.giveUp();
  }

  /** Ends every further try, as if the server had closed like this. @param {number} code @param {string} [reason] */
  stop(code, reason = "") {
    this.#comeback.cancel();
    this.drop();
    Object.assign(this, { code, reason });
    this.#enter("closed");
  }

  /** Ends the connection of now, and what it was answering. */
  drop(again = false) {
    if (!this.#connection) return;
    this.#connection.close();
    this.#connection = null;
    this.state = "idle";
    this.outbox.connectionLost();
    this.dispatchEvent(new CustomEvent("dropped", { detail: again }));
  }

  #flush() {
    if (this.outbox.first) this.place.said();
    this.outbox.flush((typed) => this.#connection?.send(typedMessage(typed)));
    if (this.outbox.awaitsConfirmation) this.#connection?.expect(CONFIRMATION_DEADLINE);
  }

  /** @param {string|ArrayBuffer} data */
  #receive(data) {
    for (const event of readFrame(data)) {
      this.place.take(event);
      if (event.type === "ready") this.#ready();
      else if (event.type === "saved" || event.type === "notSaved") {
        this.outbox.confirm(event.id);
        if (!this.outbox.awaitsConfirmation) this.#connection?.satisfied();
      }
      this.dispatchEvent(new CustomEvent("live", { detail: event }));
    }
  }

  #ready() {
    this.#comeback.ready();
    this.#connection?.satisfied();
    this.#enter("ready");
    this.#flush();
  }

  /** @param {number} code @param {string} reason */
  #closed(code, reason) {
    const opened = this.#connection?.opened;
    this.#comeback.gone();
    this.#connection = null;
    Object.assign(this, { code, reason });
    this.outbox.connectionLost();
    if (code === 4404 && this.place.missing()) return this.connect();
    for (const id of isPoisonous(code) ? this.outbox.clear() : []) this.dispatchEvent(new CustomEvent("refused", { detail: { id, code } }));
    if (isFinal(code)) return this.#enter("closed");
    this.#comeback.after(code);
    this.#enter("waiting");
    if (!opened) this.dispatchEvent(new CustomEvent("blocked"));
  }

  #enter(/** @type {State} */ state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state"));
  }
}

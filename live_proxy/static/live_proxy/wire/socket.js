// @ts-check
/** The page's connection: comes back by itself. Fires `state`, `live`, `dropped`, `refused`, and `blocked` if never open. */

import { CONFIRMATION_DEADLINE } from "./backoff.js";
import { isFinal, TOO_BIG } from "./close_codes.js";
import { Comeback } from "./comeback.js";
import { Connection } from "./connection.js";
import { Outbox } from "./outbox.js";
import { readFrame, socketAddress } from "./protocol.js";
import { setupMessage, typedMessage } from "./setup_message.js";

const POISONOUS = new Set([TOO_BIG, 4400]);

/** @typedef {"idle"|"connecting"|"ready"|"waiting"|"closed"} State */
export class LiveSocket extends EventTarget {
  state = /** @type {State} */ ("idle");
  /** @type {number|null} the last close code */
  code = null;
  reason = ""; // what the server said with it
  outbox = new Outbox();
  held = false; // while the conversation is served in another way
  busy = () => false; // whether a turn is open
  /** @type {import("./setup_message.js").Talk|null} */
  talk = null;
  #connection = /** @type {Connection|null} */ (null);
  #comeback = new Comeback(() => this.connect());
  #saidAny = false; // so that the record may have the conversation
  #reshaped = false;

  /** @param {string|null} conversation @param {import("./setup_message.js").Wishes} wishes */
  constructor(conversation, wishes) {
    super();
    this.conversation = conversation;
    this.wishes = wishes;
    /** Whether the record surely has the conversation: its row begins with the first saved message. */
    this.exists = conversation !== null;
  }

  /** Opens the connection unless there is one, or one is on its way. */
  connect() {
    if (this.#connection || this.held) return;
    this.#comeback.cancel();
    this.#reshaped = false;
    if (!this.exists && !this.#saidAny) this.conversation = null;
    this.#connection = new Connection(
      socketAddress(this.conversation, location.href),
      setupMessage(this.wishes, this.talk),
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

  /** Other wishes, or talking, need another set-up: a connection that there is is replaced, at once where the person
   *  begins or ends to talk, else between two turns.
   *  @param {Partial<Pick<LiveSocket, "wishes"|"talk">>} change */
  reshape({ wishes = this.wishes, talk = this.talk }) {
    const same = setupMessage(wishes, talk) === setupMessage(this.wishes, this.talk);
    const talks = talk !== this.talk;
    Object.assign(this, { wishes, talk });
    if (this.state === "closed" || this.state === "idle" || (same && !this.#reshaped)) return;
    this.#reshaped = true;
    if (talks || !this.busy()) this.settle();
  }

  /** Between two turns: the time for a connection of another kind. */
  settle() {
    if (!this.#reshaped) return;
    this.drop(true);
    this.connect();
  }

  /** A new connection at once, to the same conversation. */
  reopen() {
    this.drop();
    this.connect();
  }

  /** Nothing goes through any more: as if the network had said so. */
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

  /** Ends the connection of now, and what it was answering.
   *  @param {boolean} [again] whether what nobody has begun to answer is to be asked on the next one */
  drop(again = false) {
    const dropped = this.#connection;
    this.#connection = null;
    if (!dropped) return;
    this.state = "idle";
    dropped.close();
    this.outbox.connectionLost();
    this.dispatchEvent(new CustomEvent("dropped", { detail: again }));
  }

  #flush() {
    this.outbox.flush((typed) => {
      this.#saidAny = true;
      this.#connection?.send(typedMessage(typed));
    });
    if (this.outbox.awaitsConfirmation) this.#connection?.expect(CONFIRMATION_DEADLINE);
  }

  /** @param {string|ArrayBuffer} data */
  #receive(data) {
    for (const event of readFrame(data)) {
      if (event.type === "ready") this.#ready();
      else if (event.type === "session") this.#opened(event.conversation);
      else if (event.type === "heard") this.#saidAny = true;
      else if (event.type === "saved" || event.type === "notSaved") {
        this.outbox.confirm(event.id);
        this.exists ||= event.type === "saved";
        if (!this.outbox.awaitsConfirmation) this.#connection?.satisfied();
      } else if (event.type === "turn") this.exists ||= event.turn.status !== "pending";
      this.dispatchEvent(new CustomEvent("live", { detail: event }));
    }
  }

  /** @param {string} conversation The record has it where it was asked for by name. */
  #opened(conversation) {
    this.exists ||= this.conversation === conversation;
    this.conversation = conversation;
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
    const refused = POISONOUS.has(code) ? this.outbox.clear() : [];
    for (const id of refused) this.dispatchEvent(new CustomEvent("refused", { detail: { id, code } }));
    if (code === 4404 && this.conversation && !this.exists) {
      this.#saidAny = false;
      return this.connect();
    }
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

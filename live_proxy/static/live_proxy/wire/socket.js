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
/** Bytes that may wait in the browser before live media is left out rather than sent late. */
const BACKLOG = 64 * 1024;

/** @typedef {"idle"|"connecting"|"ready"|"waiting"|"closed"} State */
export class LiveSocket extends EventTarget {
  state = /** @type {State} */ ("idle");
  /** @type {number|null} the last close code */
  code = null;
  outbox = new Outbox();
  held = false; // while the conversation is served in another way
  /** @type {import("./setup_message.js").Talk|null} */
  talk = null;
  #connection = /** @type {Connection|null} */ (null);
  #comeback = new Comeback(() => this.connect());
  #sentAny = false;

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
    if (!this.exists && !this.#sentAny) this.conversation = null;
    this.#connection = new Connection(
      socketAddress(this.conversation, location.href),
      setupMessage(this.wishes, this.talk),
      (frame) => this.#receive(frame),
      (code) => this.#closed(code),
    );
    this.#enter("connecting");
  }

  send(/** @type {import("./setup_message.js").Typed} */ typed) {
    this.outbox.add(typed);
    if (this.state === "ready") this.#flush();
    else this.connect();
  }

  /** @param {string} message @returns {boolean} false where nobody serves, or the network is behind: it is left out */
  sendNow(message) {
    if (this.state !== "ready" || !this.#connection || this.#connection.backlog > BACKLOG) return false;
    this.#connection.send(message);
    return true;
  }

  /** Other wishes, or talking, need another set-up: a connection that there is is replaced.
   *  @param {Partial<Pick<LiveSocket, "wishes"|"talk">>} change */
  reshape({ wishes = this.wishes, talk = this.talk }) {
    const same = setupMessage(wishes, talk) === setupMessage(this.wishes, this.talk);
    Object.assign(this, { wishes, talk });
    if (this.state !== "closed" && this.state !== "idle" && !same) this.reopen();
  }

  /** A new connection at once, to the same conversation. */
  reopen() {
    this.drop();
    this.connect();
  }

  /** @param {number} code Ends every further try, as if the server had closed with this code. */
  stop(code) {
    this.#comeback.cancel();
    this.drop();
    this.code = code;
    this.#enter("closed");
  }

  /** Ends the connection of now, and what it was answering. */
  drop() {
    const dropped = this.#connection;
    this.#connection = null;
    if (!dropped) return;
    this.state = "idle";
    dropped.close();
    this.outbox.connectionLost();
    this.dispatchEvent(new CustomEvent("dropped"));
  }

  #flush() {
    this.outbox.flush((typed) => {
      this.#sentAny = true;
      this.#connection?.send(typedMessage(typed));
    });
    if (this.outbox.awaitsConfirmation) this.#connection?.expect(CONFIRMATION_DEADLINE);
  }

  /** @param {string|ArrayBuffer} data */
  #receive(data) {
    for (const event of readFrame(data)) {
      if (event.type === "ready") this.#ready();
      else if (event.type === "session") this.conversation = event.conversation;
      else if (event.type === "saved" || event.type === "notSaved") {
        this.outbox.confirm(event.id);
        this.exists ||= event.type === "saved";
        if (!this.outbox.awaitsConfirmation) this.#connection?.satisfied();
      } else if (event.type === "turn") this.exists ||= event.turn.status !== "pending";
      this.dispatchEvent(new CustomEvent("live", { detail: event }));
    }
  }

  #ready() {
    this.#comeback.ready();
    this.#connection?.satisfied();
    this.#enter("ready");
    this.#flush();
  }

  /** @param {number} code */
  #closed(code) {
    const opened = this.#connection?.opened;
    this.#comeback.gone();
    this.#connection = null;
    this.code = code;
    this.outbox.connectionLost();
    const refused = POISONOUS.has(code) ? this.outbox.clear() : [];
    for (const id of refused) this.dispatchEvent(new CustomEvent("refused", { detail: { id, code } }));
    if (code === 4404 && this.conversation && !this.exists) {
      this.#sentAny = false;
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

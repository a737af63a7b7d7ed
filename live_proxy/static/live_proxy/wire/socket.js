// @ts-check
/** The page's connection: comes back by itself. Fires `state`, `live`, `dropped`, `refused`, and `blocked` if never open. */

import { CONFIRMATION_DEADLINE, delayBefore, LASTED, SETUP_DEADLINE } from "./backoff.js";
import { isFinal } from "./close_codes.js";
import { Deadline } from "../foundation/deadline.js";
import { Outbox } from "./outbox.js";
import { readFrame, setupMessage, socketAddress, typedMessage } from "./protocol.js";

const POISONOUS = new Set([1009, 4400]);

/** @typedef {"idle"|"connecting"|"ready"|"waiting"|"closed"} State */
export class LiveSocket extends EventTarget {
  /** @type {State} */
  state = "idle";
  /** @type {number|null} the last close code */
  code = null;
  outbox = new Outbox();
  held = false; // while the conversation is served in another way
  /** @type {WebSocket|null} */
  #socket = null;
  #failures = 0;
  #readyAt = 0;
  #opened = false;
  #deadline = new Deadline(() => this.#silent());
  #comeback = 0;
  /** A conversation whose row may have been made although nobody has said so yet. */
  #sentAny = false;

  /** @param {string|null} conversation @param {string} family */
  constructor(conversation, family) {
    super();
    this.conversation = conversation;
    this.family = family;
    /** Whether the record surely has the conversation: its row begins with the first saved message. */
    this.exists = conversation !== null;
    addEventListener("online", () => this.state === "waiting" && this.connect());
  }

  /** Opens the connection unless there is one, or one is on its way. */
  connect() {
    if (this.#socket || this.held) return;
    clearTimeout(this.#comeback);
    if (!this.exists && !this.#sentAny) this.conversation = null;
    const socket = new WebSocket(socketAddress(this.conversation, location.href), ["live-proxy.v1"]);
    socket.binaryType = "arraybuffer";
    this.#opened = false;
    socket.addEventListener("open", () => (this.#opened = true));
    socket.onopen = () => socket.send(setupMessage(this.family));
    socket.onmessage = ({ data }) => this.#socket === socket && this.#receive(data);
    socket.onclose = ({ code }) => this.#socket === socket && this.#closed(code);
    this.#socket = socket;
    this.#deadline.set(SETUP_DEADLINE);
    this.#enter("connecting");
  }

  /** @param {string} id @param {string} text Queued until the set-up is complete. */
  send(id, text) {
    this.outbox.add(id, text);
    if (this.state === "ready") this.#flush();
    else this.connect();
  }

  /** @param {string} family Another family needs another set-up, so a running connection is replaced. */
  choose(family) {
    this.family = family;
    if (this.state === "closed") return;
    if (this.#socket) this.#drop();
    this.connect();
  }

  /** @param {number} code Ends every further try, as if the server had closed with this code. */
  stop(code) {
    clearTimeout(this.#comeback);
    this.#drop();
    this.code = code;
    this.#enter("closed");
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#deadline.clear();
    this.outbox.connectionLost();
    socket?.close(1000);
    this.dispatchEvent(new CustomEvent("dropped"));
  }

  #flush() {
    this.outbox.flush((id, text) => {
      this.#sentAny = true;
      this.#socket?.send(typedMessage(id, text));
    });
    if (this.outbox.awaitsConfirmation) this.#deadline.set(CONFIRMATION_DEADLINE);
  }

  /** @param {string|ArrayBuffer} data */
  #receive(data) {
    for (const event of readFrame(data)) {
      if (event.type === "ready") {
        this.#readyAt = performance.now();
        this.#deadline.clear();
        this.#enter("ready");
        this.#flush();
      } else if (event.type === "session") {
        this.conversation = event.conversation;
      } else if (event.type === "saved" || event.type === "notSaved") {
        this.outbox.confirm(event.id);
        this.exists ||= event.type === "saved";
        if (!this.outbox.awaitsConfirmation) this.#deadline.clear();
      }
      this.dispatchEvent(new CustomEvent("live", { detail: event }));
    }
  }

  /** @param {number} code */
  #closed(code) {
    if (this.#readyAt > 0 && performance.now() - this.#readyAt > LASTED) this.#failures = 0;
    this.#readyAt = 0;
    this.#socket = null;
    this.code = code;
    this.#deadline.clear();
    this.outbox.connectionLost();
    if (POISONOUS.has(code)) {
      for (const id of this.outbox.clear()) this.dispatchEvent(new CustomEvent("refused", { detail: { id, code } }));
    }
    if (code === 4404 && this.conversation && !this.exists) {
      this.#sentAny = false;
      return this.connect();
    }
    if (isFinal(code)) return this.#enter("closed");
    this.#comeback = setTimeout(() => this.connect(), delayBefore(code, this.#failures));
    this.#failures += 1;
    this.#enter("waiting");
    if (!this.#opened) this.dispatchEvent(new CustomEvent("blocked"));
  }

  /** A server that is silent where it owes an answer is treated as gone. */
  #silent() {
    const socket = this.#socket;
    this.#closed(1006);
    socket?.close();
  }

  /** @param {State} state */
  #enter(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state"));
  }
}

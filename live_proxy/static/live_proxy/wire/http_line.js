// @ts-check
/** Messages over plain HTTP, for networks that let no WebSocket through. Takes from the socket's outbox and fires the
 *  same `live` events on the socket, so that nothing else on the page knows the difference. */

import { isFinal, LIMIT, SIGNED_OUT, TOO_BIG } from "./close_codes.js";
import { EventLines } from "./event_lines.js";
import { newId } from "../foundation/ids.js";
import { readMessage } from "./protocol.js";
import { words } from "../language/words.js";

/** Sockets that closed before they opened, after which the network is believed to block them. */
const BELIEVED_AFTER = 2;
/** @type {Record<number, number>} What a socket would have been closed with. */
const CODES = { 401: SIGNED_OUT, 403: 4403, 404: 4404, 413: TOO_BIG, 429: LIMIT };
/** No close code: pictures need the socket. */
export const NO_MEDIA = 0;

export class HttpLine extends EventTarget {
  /** Whether messages go over HTTP now. Fires `change`. */
  active = false;
  #blocked = 0;
  #busy = false;
  #reading = new AbortController();

  /** @param {import("./socket.js").LiveSocket} socket @param {import("./api.js").Api} api */
  constructor(socket, api) {
    super();
    this.socket = socket;
    this.api = api;
    socket.addEventListener("blocked", () => this.#socketBlocked());
    socket.addEventListener("state", () => socket.state === "ready" && this.#enter(false));
  }

  async #socketBlocked() {
    this.#blocked += 1;
    const waiting = this.socket.outbox.first !== null;
    if (!this.active && (waiting || this.#blocked >= BELIEVED_AFTER)) {
      // A server that is away refuses both; only where it answers by HTTP is the socket what is blocked.
      const reachable = await this.api.conversations(null).then(() => true, () => false);
      if (reachable && this.socket.state !== "ready") this.#enter(true);
    }
    this.pump();
  }

  /** @param {boolean} active */
  #enter(active) {
    if (!active) this.#blocked = 0;
    if (this.active === active) return;
    this.active = active;
    this.dispatchEvent(new CustomEvent("change"));
  }

  /** No more of the answer of now. */
  stop() {
    this.#reading.abort();
  }

  /** Whether the person has to do something first, such as to sign in. */
  get #stopped() {
    return this.socket.state === "closed";
  }

  /** Send what waits, one message after the other. */
  async pump() {
    if (!this.active || this.#busy || !this.socket.outbox.first || this.#stopped) return;
    this.#busy = this.socket.held = true;
    try {
      for (let next = this.socket.outbox.first; next && !this.#stopped; next = this.socket.outbox.first) await this.#ask(next);
    } finally {
      this.#busy = this.socket.held = false;
    }
    if (this.socket.state === "waiting") this.socket.connect();
  }

  /** @param {import("./setup_message.js").Typed} typed */
  async #ask({ id, text, media }) {
    const { socket } = this;
    if (media.length) return this.#refused(id, NO_MEDIA);
    socket.place.conversation ??= newId();
    let over = false;
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    try {
      // The instruction is on record; whether to search is known to this device alone.
      const { family, search } = socket.shape.wishes;
      const answer = await this.api.ask(socket.place.conversation, { id, text, family, search }, signal);
      const lines = new EventLines();
      for await (const piece of pieces(answer)) {
        for (const payload of lines.feed(piece)) over = this.#take(payload) || over;
      }
    } catch (error) {
      const { status = 0, sentence = "" } = /** @type {{status?: number, sentence?: string}} */ (error);
      const code = CODES[status] ?? 0;
      if (code === TOO_BIG) return this.#refused(id, code);
      if (isFinal(code)) return socket.stop(code, sentence);
      if (signal.aborted) over = this.#take('{"serverContent": {"interrupted": true, "turnComplete": true}}');
    }
    socket.outbox.confirm(id);
    if (!over) this.#fire({ type: "failure", failure: { kind: "network", message: words.lost, help: "", retryable: true, tried: [] } });
  }

  /** @param {string} id @param {number} code why it does not go out */
  #refused(id, code) {
    this.socket.outbox.confirm(id);
    this.socket.dispatchEvent(new CustomEvent("refused", { detail: { id, code } }));
  }

  /** @param {string} payload @returns {boolean} whether the turn is over */
  #take(payload) {
    let over = false;
    for (const event of readMessage(JSON.parse(payload))) {
      if (event.type === "ready") continue;
      if (event.type === "saved") {
        this.socket.outbox.confirm(event.id);
        this.socket.place.exists = true;
        over ||= event.message === "";
      }
      over ||= event.type === "turnComplete" || event.type === "failure";
      this.#fire(event);
    }
    return over;
  }

  /** @param {import("./protocol.js").LiveEvent} event */
  #fire(event) {
    this.socket.dispatchEvent(new CustomEvent("live", { detail: event }));
  }
}

/** @param {Response} answer @returns {AsyncGenerator<string>} */
async function* pieces(answer) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    yield decoder.decode(value, { stream: true });
  }
}

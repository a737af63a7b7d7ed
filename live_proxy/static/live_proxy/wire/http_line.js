// @ts-check
/** Messages over plain HTTP, for networks that let no WebSocket through. Takes from the socket's outbox and fires the
 *  same `live` events on the socket, so that nothing else on the page knows the difference. Fires `asking`. */

import { Comeback } from "./comeback.js";
import { payloads } from "./event_lines.js";
import { verdictOf } from "./http_verdict.js";
import { newId } from "../foundation/ids.js";
import { readMessage } from "./protocol.js";
import { words } from "../language/words.js";

/** Sockets that closed before they opened, after which the network is believed to block them. */
const BELIEVED_AFTER = 2;
/** No close code: pictures need the socket. */
export const NO_MEDIA = 0;

export class HttpLine extends EventTarget {
  /** Whether messages go over HTTP now. Fires `change`. */
  active = false;
  #blocked = 0;
  #busy = false;
  #reading = new AbortController();
  #comeback = new Comeback(() => this.#again());

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
    if (!this.#comeback.pending) this.pump();
  }

  /** @param {boolean} active */
  #enter(active) {
    if (!active) {
      this.#blocked = 0;
      this.#comeback.cancel();
    }
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
    const { socket } = this;
    let out = true;
    this.#comeback.cancel();
    this.#busy = socket.held = true;
    try {
      for (let next = socket.outbox.first; next && out && !this.#stopped; next = socket.outbox.first) out = await this.#ask(next);
    } finally {
      this.#busy = socket.held = false;
    }
    if (!out) socket.dispatchEvent(new CustomEvent("dropped", { detail: false }));
    else if (socket.state === "waiting") socket.connect();
  }

  /** A socket that is on its way takes along what waits, or says that it is blocked. */
  #again() {
    if (this.socket.state !== "connecting") this.pump();
  }

  /** @param {import("./setup_message.js").Typed} typed @returns {Promise<boolean>} false where it waits on */
  async #ask({ id, text, media }) {
    const { socket } = this;
    if (media.length) return this.#refused(id, NO_MEDIA);
    socket.place.conversation ??= newId();
    this.dispatchEvent(new CustomEvent("asking"));
    let [over, begun, why] = [false, false, words.lost];
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    try {
      // The instruction is on record; whether to search is known to this device alone.
      const { family, search } = socket.shape.wishes;
      const answer = await this.api.ask(socket.place.conversation, { id, text, family, search }, signal);
      for await (const payload of payloads(answer)) {
        begun = true;
        over = this.#take(payload) || over;
      }
    } catch (error) {
      if (signal.aborted) over = this.#take('{"serverContent": {"interrupted": true, "turnComplete": true}}');
      else {
        const { becomes, code, sentence, wait } = verdictOf(/** @type {Error} */ (error), begun);
        if (becomes === "refused") return this.#refused(id, code);
        if (becomes === "stopped") socket.stop(code, sentence);
        if (becomes === "kept") this.#comeback.after(code, wait);
        if (becomes !== "failed") return false;
        why = sentence || why;
      }
    }
    this.#comeback.good();
    socket.outbox.confirm(id);
    if (!over) this.#fire({ type: "failure", failure: { kind: "network", message: why, help: "", retryable: true, tried: [] } });
    return true;
  }

  /** @param {string} id @param {number} code why it does not go out */
  #refused(id, code) {
    this.socket.outbox.confirm(id);
    this.socket.dispatchEvent(new CustomEvent("refused", { detail: { id, code } }));
    return true;
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

// @ts-check
/** Notices that a connection is dead while an answer is due: packets that go nowhere are told to neither side. */

import { Deadline } from "../foundation/deadline.js";

/** Milliseconds without a word: more than the service's own patience with whoever answers. */
const SILENT = 60_000;
/** After the last word of an answer, which may be played for a while before its end is told. */
const PLAYING = 300_000;
/** After a network that was away is back. */
const BACK = 5000;

export class Overdue {
  #away = false; // the network was, and nothing has come since
  #silent = new Deadline(() => this.socket.state === "ready" && this.socket.giveUp());
  #back = new Deadline(() => this.#unheard());

  /** @param {import("./socket.js").LiveSocket} socket @param {() => boolean} due whether an answer is, as far as the
   *  events tell that came before */
  constructor(socket, due) {
    this.socket = socket;
    this.due = due;
    socket.addEventListener("live", (event) => this.#came(/** @type {CustomEvent} */ (event).detail.type));
    for (const change of ["state", "dropped"]) socket.addEventListener(change, () => this.#settle());
    addEventListener("offline", () => (this.#away = true));
    addEventListener("online", () => this.#away && this.#back.set(BACK));
  }

  /** @param {string} type */
  #came(type) {
    this.#settle();
    if (this.due()) this.#silent.set(type === "generationComplete" ? PLAYING : SILENT);
  }

  #settle() {
    this.#away = false;
    this.#back.clear();
    this.#silent.clear();
  }

  /** A connection seldom outlives its network, and the person has waited already. */
  #unheard() {
    const { shape, state } = this.socket;
    if (state === "ready" && (this.due() || shape.talk)) this.socket.reopen(true);
  }
}

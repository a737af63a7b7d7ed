// @ts-check
/** When a lost connection is opened again: later after each failure, at once when the network is back. */

import { delayBefore, LASTED } from "./backoff.js";

export class Comeback {
  #failures = 0;
  #readyAt = 0;
  #timer = 0;

  /** @param {() => void} open */
  constructor(open) {
    this.open = open;
    addEventListener("online", () => this.#timer && this.now());
  }

  /** The connection serves. */
  ready() {
    this.#readyAt = performance.now();
  }

  /** Whether a time is set. */
  get pending() {
    return this.#timer !== 0;
  }

  /** @param {number} code the close code @param {number} [wait] milliseconds to wait in any case */
  after(code, wait = 0) {
    this.#timer = setTimeout(() => this.now(), wait + delayBefore(code, this.#failures));
    this.#failures += 1;
  }

  /** It served: the next delays start small again. */
  good() {
    this.#failures = 0;
  }

  /** The connection is gone. One that held was a good one. */
  gone() {
    if (this.#readyAt > 0 && performance.now() - this.#readyAt > LASTED) this.good();
    this.#readyAt = 0;
  }

  now() {
    this.cancel();
    this.open();
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }
}

// @ts-check
/** One timer that is set anew, or cleared, before it strikes. */

export class Deadline {
  #timer = 0;

  /** @param {() => void} strike */
  constructor(strike) {
    this.strike = strike;
  }

  /** @param {number} milliseconds */
  set(milliseconds) {
    this.clear();
    this.#timer = setTimeout(this.strike, milliseconds);
  }

  clear() {
    clearTimeout(this.#timer);
  }
}

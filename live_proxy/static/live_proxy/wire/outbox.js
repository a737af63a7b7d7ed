// @ts-check
/** What was typed and is not yet confirmed. Nothing leaves it before the server says it has it. Pure. */

/** @typedef {import("./setup_message.js").Typed} Typed */

export class Outbox {
  /** @type {Map<string, Typed>} oldest first */
  #waiting = new Map();
  /** @type {Set<string>} sent on the connection of now */
  #sent = new Set();

  /** @param {Typed} typed */
  add(typed) {
    this.#waiting.set(typed.id, typed);
  }

  /** @param {string} id */
  confirm(id) {
    this.#sent.delete(id);
    return this.#waiting.delete(id);
  }

  /** @returns {Typed|null} the oldest message */
  get first() {
    return this.#waiting.values().next().value ?? null;
  }

  /** @returns {string[]} ids, oldest first */
  get ids() {
    return [...this.#waiting.keys()];
  }

  /** @returns {string[]} what they say, oldest first */
  get texts() {
    return [...this.#waiting.values()].map(({ text }) => text);
  }

  get awaitsConfirmation() {
    return this.#sent.size > 0;
  }

  /** @param {(typed: Typed) => void} send */
  flush(send) {
    for (const [id, typed] of this.#waiting) {
      if (this.#sent.has(id)) continue;
      this.#sent.add(id);
      send(typed);
    }
  }

  connectionLost() {
    this.#sent.clear();
  }

  /** @returns {string[]} */
  clear() {
    const ids = this.ids;
    this.#waiting.clear();
    this.#sent.clear();
    return ids;
  }
}

// @ts-check
/** Typed messages that the server has not yet confirmed. They are sent again on every new connection. */

export class Outbox {
  /** @type {Map<string, string>} */
  #waiting = new Map();
  /** @type {Set<string>} ids that went out on the connection of now */
  #sent = new Set();

  /** @param {string} id @param {string} text */
  add(id, text) {
    this.#waiting.set(id, text);
  }

  /** @param {string} id */
  confirm(id) {
    this.#sent.delete(id);
    return this.#waiting.delete(id);
  }

  /** @returns {[string, string]|null} the oldest message: its id and its text */
  get first() {
    return this.#waiting.entries().next().value ?? null;
  }

  /** @returns {string[]} ids, oldest first */
  get ids() {
    return [...this.#waiting.keys()];
  }

  get awaitsConfirmation() {
    return this.#sent.size > 0;
  }

  /** @param {(id: string, text: string) => void} send */
  flush(send) {
    for (const [id, text] of this.#waiting) {
      if (this.#sent.has(id)) continue;
      this.#sent.add(id);
      send(id, text);
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

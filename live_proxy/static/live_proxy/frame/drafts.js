// @ts-check
/** What was written and not sent outlives a reload, a look at another conversation, and signing in again: in this tab
 *  alone, and for the same person alone. */

const PREFIX = "live_proxy.draft.";
/** Characters. */
const LONGEST = 100_000;

export class Drafts {
  /**
   * @param {string} username
   * @param {{begun: string|null}} place the conversation that the box writes to
   * @param {Storage} store
   */
  constructor(username, place, store = sessionStorage) {
    this.username = username;
    this.place = place;
    this.store = store;
  }

  get #key() {
    return `${PREFIX}${this.username}.${this.place.begun ?? "new"}`;
  }

  /** @param {string} text nothing takes it away */
  keep(text) {
    try {
      if (text.trim() && text.length <= LONGEST) this.store.setItem(this.#key, text);
      else this.store.removeItem(this.#key);
    } catch {
      // The browser keeps nothing for this page, or no more.
    }
  }

  get kept() {
    try {
      return this.store.getItem(this.#key) ?? "";
    } catch {
      return "";
    }
  }
}

// @ts-check
/** What the connection is to be like, and whether the one of now is not like that any more. Pure. */

import { setupMessage } from "./setup_message.js";

/** @typedef {import("./setup_message.js").Wishes} Wishes */
/** @typedef {import("./setup_message.js").Talk} Talk */

export class Shape {
  /** @type {Talk|null} */
  talk = null;
  /** Whether the connection was set up for something else. */
  outdated = false;
  /** Whether a turn is open, which a new connection would cut off. */
  busy = () => false;

  /** @param {Wishes} wishes */
  constructor(wishes) {
    this.wishes = wishes;
  }

  /** The set-up. */
  get message() {
    return setupMessage(this.wishes, this.talk);
  }

  /** @param {{wishes?: Wishes, talk?: Talk|null}} change @returns {boolean} whether it is needed at once: where the person
   *  begins or ends to talk, and between two turns */
  change({ wishes = this.wishes, talk = this.talk }) {
    const before = this.message;
    const talks = talk !== this.talk;
    // A call begins and ends with a connection of its own, even where the set-up says the same.
    this.outdated ||= (talk === null) !== (this.talk === null);
    Object.assign(this, { wishes, talk });
    this.outdated ||= this.message !== before;
    return this.outdated && (talks || !this.busy());
  }
}

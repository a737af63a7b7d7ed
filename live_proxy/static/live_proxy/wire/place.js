// @ts-check
/** Which conversation a connection belongs to, and whether the record has it: its row begins with what is said first. Pure. */

export class Place {
  #maybe = false; // something was said, so that the record may have it

  /** @param {string|null} conversation */
  constructor(conversation) {
    this.conversation = conversation;
    /** Whether the record surely has it. */
    this.exists = conversation !== null;
  }

  /** The conversation to ask for: one in which nothing was said is none yet. */
  get wanted() {
    if (!this.exists && !this.#maybe) this.conversation = null;
    return this.conversation;
  }

  /** The conversation, once there is one. */
  get begun() {
    return this.exists ? this.conversation : null;
  }

  /** Something was sent to it. */
  said() {
    this.#maybe = true;
  }

  /** @param {import("./protocol.js").LiveEvent} event */
  take(event) {
    if (event.type === "session") {
      this.exists ||= this.conversation === event.conversation; // it was asked for by name
      this.conversation = event.conversation;
    } else if (event.type === "heard") this.said();
    else if (event.type === "saved") this.exists = true;
    else if (event.type === "turn") this.exists ||= event.turn.status !== "pending";
  }

  /** The server does not know it. @returns {boolean} whether to begin anew, as it never came to be */
  missing() {
    if (!this.conversation || this.exists) return false;
    this.#maybe = false;
    return true;
  }
}

// @ts-check
/** Who serves a call, as far as is known. Pure. */

/** What shows that somebody serves after all. */
const SIGNS_OF_LIFE = new Set(["heard", "audio", "text", "spoken"]);

export class Serving {
  /** Whether a transport serves. */
  served = false;
  /** Whether it takes voice. */
  heard = true;
  /** Whether one has served in this call. */
  before = false;
  /** Whether one is looked for. */
  looking = false;
  /** Whether the last that was said found nobody to answer. */
  unserved = false;

  begin() {
    Object.assign(this, { served: false, heard: true, before: false, looking: false, unserved: false });
  }

  connectionLost() {
    this.served = this.looking = false;
  }

  /** @param {import("../wire/protocol.js").LiveEvent} event @returns {boolean} whether it changed something */
  take(event) {
    if (event.type === "served") return this.#is({ served: true, before: true, heard: !event.served.lost.includes("audio_in") });
    if (event.type === "climbing") return this.#is({ looking: true });
    if (event.type === "failure") return this.#is({ unserved: true });
    return SIGNS_OF_LIFE.has(event.type) && (this.looking || this.unserved) && this.#is({});
  }

  /** @param {Partial<Serving>} known */
  #is(known) {
    Object.assign(this, { looking: false, unserved: false }, known);
    return true;
  }
}

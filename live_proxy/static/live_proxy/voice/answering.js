// @ts-check
/** The other side of a call: whether an answer is due, and its sound on the way to the loudspeaker. */

/** Milliseconds that an answer may take before the page stops saying that one is thought about. */
const THINKING = 12_000;

export class Answering {
  #since = -THINKING;
  #timer = 0;

  /** @param {import("./speaker.js").Speaker} speaker @param {() => void} changed */
  constructor(speaker, changed) {
    this.speaker = speaker;
    this.changed = changed;
    speaker.addEventListener("sounding", () => {
      if (speaker.sounding) this.settle();
      changed();
    });
  }

  get due() {
    return performance.now() - this.#since < THINKING;
  }

  /** The person has finished: an answer is due. */
  expect() {
    this.#since = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.changed, THINKING);
    this.changed();
  }

  /** Nothing is due: it has come, or the person goes on. */
  settle() {
    if (!this.due) return;
    this.#since = -THINKING;
    clearTimeout(this.#timer);
    this.changed();
  }

  /** @param {import("../wire/protocol.js").LiveEvent} event */
  take(event) {
    if (event.type === "audio") return this.speaker.play(event.data, event.mimeType);
    if (event.type === "interrupted") this.speaker.silence();
    else if (event.type === "generationComplete") this.speaker.end();
    else if (event.type === "turnComplete" || event.type === "failure") {
      this.speaker.end();
      this.settle();
    } else return;
    this.changed();
  }
}

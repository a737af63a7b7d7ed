// @ts-check
/** Whether somebody speaks, from how loud the microphone is. Only for what the page shows: what counts as speech is
 *  decided upstream. Pure; milliseconds. */

const ABOVE_NOISE = 0.12;
const QUIETEST = 0.3;
const STARTS_AFTER = 80;
const ENDS_AFTER = 500;

export class SpeechWatch {
  speaking = false;
  #noise = QUIETEST;
  #loud = 0;
  #quiet = 0;

  /** @param {number} level 0 to 1 @param {number} duration of the frame @returns {"began"|"ended"|""} */
  feed(level, duration) {
    // The noise of the room: follows a quieter one at once, a louder one in some seconds.
    this.#noise = level < this.#noise ? level : this.#noise + (level - this.#noise) * (duration / 8000);
    const loud = level > Math.max(QUIETEST, this.#noise + ABOVE_NOISE);
    this.#loud = loud ? this.#loud + duration : 0;
    this.#quiet = loud ? 0 : this.#quiet + duration;
    if (!this.speaking && this.#loud >= STARTS_AFTER) {
      this.speaking = true;
      return "began";
    }
    if (this.speaking && this.#quiet >= ENDS_AFTER) {
      this.speaking = false;
      return "ended";
    }
    return "";
  }

  reset() {
    this.speaking = false;
    this.#loud = this.#quiet = 0;
  }
}

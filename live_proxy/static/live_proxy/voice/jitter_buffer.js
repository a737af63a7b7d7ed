// @ts-check
/** Evens out how the answer's sound arrives: waits for a little of it, plays without a gap, waits longer after one.
 *  Pure; counts in samples. */

/** Seconds of sound that are waited for at first, and at most. */
const FIRST = 0.04;
const MOST = 0.24;
/** More than the longest answer: what comes above it is dropped and counted. */
const LIMIT = 900;
const FADE = 0.004;

export class JitterBuffer {
  /** @type {Int16Array[]} */
  #pieces = [];
  #at = 0;
  #queued = 0;
  #target;
  #playing = false;
  #ended = false;
  #fade = 0;
  #last = 0;
  gaps = 0;
  dropped = 0;

  /** @param {number} rate samples a second */
  constructor(rate) {
    this.rate = rate;
    this.#target = FIRST * rate;
  }

  /** @returns samples that wait to be played */
  get queued() {
    return this.#queued;
  }

  get playing() {
    return this.#playing;
  }

  /** @returns whether more is to come, as far as anybody has said */
  get open() {
    return !this.#ended;
  }

  /** @param {Int16Array} pcm */
  push(pcm) {
    this.#ended = false;
    if (this.#queued + pcm.length > LIMIT * this.rate) {
      this.dropped += pcm.length;
      return;
    }
    this.#pieces.push(pcm);
    this.#queued += pcm.length;
  }

  /** All of the answer is here: what is left is played however short it is. */
  end() {
    this.#ended = true;
  }

  /** Silence at once, but without a click. */
  flush() {
    this.#pieces = [];
    this.#at = this.#queued = 0;
    this.#ended = true;
    this.#fade = this.#playing ? Math.round(FADE * this.rate) : 0;
  }

  /** @param {Float32Array} into is filled with sound, or silence @returns samples of sound in it */
  read(into) {
    if (!this.#playing && this.#queued > 0 && (this.#ended || this.#queued >= this.#target)) this.#playing = true;
    let made = 0;
    while (this.#playing && made < into.length && this.#queued > 0) into[made++] = this.#last = this.#next() / 32_768;
    const sound = made;
    if (this.#playing && made < into.length) this.#ranDry();
    while (made < into.length) into[made++] = this.#faded();
    return sound;
  }

  #next() {
    const [piece] = this.#pieces;
    const sample = piece[this.#at];
    this.#at += 1;
    this.#queued -= 1;
    if (this.#at === piece.length) {
      this.#pieces.shift();
      this.#at = 0;
    }
    return sample;
  }

  #ranDry() {
    this.#playing = false;
    if (!this.#fade) this.#fade = Math.round(FADE * this.rate);
    if (this.#ended) {
      this.#target = Math.max(FIRST * this.rate, this.#target / 2);
    } else {
      this.gaps += 1;
      this.#target = Math.min(MOST * this.rate, this.#target * 2);
    }
  }

  #faded() {
    if (this.#fade === 0) return 0;
    this.#fade -= 1;
    return (this.#last *= 0.9);
  }
}

// @ts-check
/** From one sample rate to another, piece by piece, by a windowed sinc. Pure. */

const ZERO_CROSSINGS = 8;
const PHASES = 256;
const PASSED = 0.92; // of the lower Nyquist frequency: above it the filter falls off

export class Resampler {
  #step;
  #reach;
  /** @type {Float32Array[]} one filter for each place between two samples */
  #filters = [];
  /** @type {Float32Array} the samples that the next outputs still need */
  #rest;
  #position;

  /** @param {number} from @param {number} to samples a second */
  constructor(from, to) {
    this.#step = from / to;
    const cutoff = Math.min(1, to / from) * (from === to ? 1 : PASSED);
    this.#reach = Math.ceil(ZERO_CROSSINGS / cutoff);
    for (let phase = 0; phase < PHASES; phase += 1) this.#filters.push(this.#filter(phase / PHASES, cutoff));
    this.#rest = new Float32Array(this.#reach);
    this.#position = this.#reach;
  }

  /** @param {number} offset of the output after an input sample @param {number} cutoff */
  #filter(offset, cutoff) {
    const size = 2 * this.#reach;
    const filter = new Float32Array(size);
    let sum = 0;
    for (let at = 0; at < size; at += 1) {
      const x = at - this.#reach + 1 - offset;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / this.#reach);
      const angle = Math.PI * x * cutoff;
      filter[at] = Math.abs(x) >= this.#reach ? 0 : window * (angle === 0 ? 1 : Math.sin(angle) / angle);
      sum += filter[at];
    }
    return filter.map((weight) => weight / sum);
  }

  /** @param {Float32Array} samples @returns {Float32Array} what they make at the other rate, the filter's reach late */
  push(samples) {
    if (this.#step === 1) return samples;
    const input = new Float32Array(this.#rest.length + samples.length);
    input.set(this.#rest);
    input.set(samples, this.#rest.length);
    const reach = this.#reach;
    const count = Math.max(0, Math.ceil((input.length - reach - this.#position) / this.#step));
    const output = new Float32Array(count);
    for (let made = 0; made < count; made += 1) {
      const exact = this.#position + made * this.#step;
      const whole = Math.floor(exact);
      const filter = this.#filters[Math.min(PHASES - 1, Math.round((exact - whole) * PHASES))];
      let sum = 0;
      for (let at = 0, from = whole - reach + 1; at < filter.length; at += 1) sum += filter[at] * input[from + at];
      output[made] = sum;
    }
    const next = this.#position + count * this.#step;
    const kept = Math.max(0, Math.floor(next) - reach);
    this.#rest = input.slice(kept);
    this.#position = next - kept;
    return output;
  }
}

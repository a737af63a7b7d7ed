// @ts-check
/** The loudspeaker: plays an answer's pieces in order. Fires `sounding` when it falls silent or begins to sound. */

import { fromBase64, fromBytes, rateOf, toPcm } from "./pcm.js";
import { Resampler } from "./resampler.js";

const RATE = 24_000;

export class Speaker extends EventTarget {
  level = 0;
  sounding = false;
  /** Times that an answer stopped because its next piece was late. */
  gaps = 0;
  /** @type {AudioWorkletNode|null} */
  #node = null;
  /** @type {GainNode|null} */
  #gain = null;
  #volume = 1;
  /** @type {{rate: number, resampler: Resampler}|null} of an answer that comes at another rate */
  #other = null;

  /** @param {AudioContext} context with the worklet's module in it */
  attach(context) {
    this.#gain = new GainNode(context, { gain: this.#volume });
    this.#node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#node.port.onmessage = ({ data }) => this.#told(data);
    this.#node.connect(this.#gain).connect(context.destination);
  }

  detach() {
    this.#node?.disconnect();
    this.#gain?.disconnect();
    this.#node = this.#gain = null;
    this.#told({ level: 0, sounding: false });
  }

  /** @param {{level?: number, sounding?: boolean, gaps?: number}} news */
  #told(news) {
    this.level = news.level ?? this.level;
    this.gaps = news.gaps ?? this.gaps;
    if (news.sounding === undefined || news.sounding === this.sounding) return;
    this.sounding = news.sounding;
    if (!this.sounding) this.level = 0;
    this.dispatchEvent(new CustomEvent("sounding"));
  }

  /** @param {string} data base64 @param {string} mimeType What cannot be read is left out. */
  play(data, mimeType) {
    const rate = rateOf(mimeType);
    if (!this.#node || !rate) return;
    let pcm;
    try {
      pcm = fromBytes(fromBase64(data));
    } catch {
      return;
    }
    if (rate !== RATE) pcm = this.#resampled(pcm, rate);
    this.#node.port.postMessage({ pcm: pcm.buffer }, [pcm.buffer]);
  }

  /** @param {Int16Array} pcm @param {number} rate One for all pieces: each goes on where the last one ended. */
  #resampled(pcm, rate) {
    if (this.#other?.rate !== rate) this.#other = { rate, resampler: new Resampler(rate, RATE) };
    const made = this.#other.resampler.push(Float32Array.from(pcm, (sample) => sample / 32_768));
    return toPcm(made);
  }

  /** The answer is complete: what is there is played to its end. */
  end() {
    this.#node?.port.postMessage({ end: true });
  }

  /** Silence at once: somebody has interrupted. */
  silence() {
    this.#node?.port.postMessage({ flush: true });
  }

  /** @param {number} volume 0 to 1 */
  set volume(volume) {
    this.#volume = volume;
    if (this.#gain) this.#gain.gain.value = volume;
  }
}

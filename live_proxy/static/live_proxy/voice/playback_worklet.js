// @ts-check
/** Runs in the audio thread: plays the answer's 24 kHz sound and tells how loud it is, when it starts and ends. */

import { JitterBuffer } from "./jitter_buffer.js";
import { loudness } from "./pcm.js";
import { Resampler } from "./resampler.js";

const RATE = 24_000;
// Seconds.
const TOLD_EVERY = 0.05;
/** For which an answer that waits for its next piece still sounds: on a poor network it would begin and end all the time. */
const PAUSE = 0.4;

class Playback extends AudioWorkletProcessor {
  #buffer = new JitterBuffer(RATE);
  #resampler = new Resampler(RATE, sampleRate);
  #ready = new Float32Array(0);
  #sounding = false;
  #told = 0;
  #heard = 0;

  /** @param {AudioWorkletNodeOptions} options */
  constructor(options) {
    super(options);
    this.port.onmessage = ({ data }) => {
      if (data.pcm) this.#buffer.push(new Int16Array(data.pcm));
      else if (data.end) this.#buffer.end();
      else if (data.flush) this.#flush();
    };
  }

  #flush() {
    this.#buffer.flush();
    this.#ready = new Float32Array(0);
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, [channels]) {
    const [output] = channels;
    let sound = 0;
    while (this.#ready.length < output.length) {
      const piece = new Float32Array(Math.ceil((output.length * RATE) / sampleRate));
      sound += this.#buffer.read(piece);
      const made = this.#resampler.push(piece);
      const joined = new Float32Array(this.#ready.length + made.length);
      joined.set(this.#ready);
      joined.set(made, this.#ready.length);
      this.#ready = joined;
    }
    output.set(this.#ready.subarray(0, output.length));
    this.#ready = this.#ready.slice(output.length);
    for (const other of channels.slice(1)) other.set(output);
    this.#tell(output, sound > 0);
    return true;
  }

  /** @param {Float32Array} output @param {boolean} sound */
  #tell(output, sound) {
    const audible = sound || this.#buffer.playing;
    if (audible) this.#heard = currentTime;
    const pausing = this.#sounding && this.#buffer.open && currentTime - this.#heard < PAUSE;
    const sounding = audible || pausing;
    if (sounding !== this.#sounding) {
      this.#sounding = sounding;
      this.port.postMessage({ sounding, at: currentTime, gaps: this.#buffer.gaps, dropped: this.#buffer.dropped });
    }
    if (currentTime - this.#told < TOLD_EVERY) return;
    this.#told = currentTime;
    this.port.postMessage({ level: sounding ? loudness(output) : 0 });
  }
}

registerProcessor("playback", Playback);

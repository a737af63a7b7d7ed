// @ts-check
/** Runs in the audio thread: the microphone's sound as frames of 20 ms, 16 kHz, 16 bit, mono. */

import { loudness, toPcm } from "./pcm.js";
import { Resampler } from "./resampler.js";

const RATE = 16_000;
const FRAME = 320;

class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, RATE);
  #frame = new Float32Array(FRAME);
  #filled = 0;
  #over = false;

  constructor() {
    super();
    this.port.onmessage = () => (this.#over = true);
  }

  /** @param {Float32Array[][]} inputs @returns {boolean} false once nobody listens to it any more */
  process([channels]) {
    if (!channels?.length) return !this.#over;
    for (const sample of this.#resampler.push(mono(channels))) {
      this.#frame[this.#filled++] = sample;
      if (this.#filled === FRAME) this.#send();
    }
    return true;
  }

  #send() {
    const pcm = toPcm(this.#frame);
    this.#filled = 0;
    this.port.postMessage({ pcm: pcm.buffer, level: loudness(this.#frame), at: currentTime }, [pcm.buffer]);
  }
}

/** @param {Float32Array[]} channels */
function mono(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, at) => channels.reduce((sum, channel) => sum + channel[at], 0) / channels.length);
}

registerProcessor("capture", Capture);

// @ts-check
/** The microphone: asked for, listened to, let go. Fires `frame` (20 ms of sound), `lost` when it is unplugged, and
 *  `silenced` when the browser or the system turns it off or on again. */

import { toBase64 } from "./pcm.js";

export const FRAME_MS = 20;

/** @typedef {{data: string, level: number}} Frame `data` is 16 kHz PCM as base64, `level` goes from 0 to 1 */
/** @typedef {"insecure"|"denied"|"no_microphone"|"microphone_busy"|"no_sound"} MicrophoneTrouble */

export class MicrophoneError extends Error {
  /** @param {MicrophoneTrouble} trouble */
  constructor(trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/** @type {Record<string, MicrophoneTrouble>} What browsers call it. */
const TROUBLES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "no_microphone",
  OverconstrainedError: "no_microphone",
  NotReadableError: "microphone_busy",
  AbortError: "microphone_busy",
};

/** @param {string} device */
const constraints = (device) => ({
  audio: {
    deviceId: device ? { ideal: device } : undefined,
    channelCount: 1,
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  },
});

export class Microphone extends EventTarget {
  /** @type {MediaStream|null} */
  #stream = null;
  /** @type {AudioNode[]} */
  #nodes = [];
  /** @type {AudioWorkletNode|null} */
  #worklet = null;
  #opening = 0;

  get open() {
    return this.#stream !== null;
  }

  /** Whether the browser or the system (a page that is muted, a switch at the device) gives silence in place of sound. */
  get silenced() {
    return this.#stream?.getAudioTracks()[0]?.muted ?? false;
  }

  /** @param {() => Promise<AudioContext>} opened a context with the worklet's module in it
   *  @param {string} device an id, or empty for the usual one
   *  @returns {Promise<boolean>} false where it was let go meanwhile. Throws `MicrophoneError`. */
  async listen(opened, device) {
    const opening = ++this.#opening;
    if (!isSecureContext || !navigator.mediaDevices) throw new MicrophoneError("insecure");
    const sound = opened(); // at once, while the click still counts
    sound.catch(() => {});
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia(constraints(device));
    } catch (error) {
      throw new MicrophoneError(TROUBLES[/** @type {Error} */ (error).name] ?? "no_sound");
    }
    const context = await sound.catch(() => null);
    if (opening !== this.#opening || !context) {
      for (const track of stream.getTracks()) track.stop();
      if (!context) throw new MicrophoneError("no_sound");
      return false;
    }
    this.#letGo();
    this.#stream = stream;
    this.#connect(context, stream);
    return true;
  }

  /** @param {AudioContext} context @param {MediaStream} stream */
  #connect(context, stream) {
    const source = context.createMediaStreamSource(stream);
    const worklet = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    worklet.port.onmessage = ({ data }) => {
      if (this.#stream !== stream) return;
      /** @type {Frame} */
      const frame = { data: toBase64(new Uint8Array(data.pcm)), level: data.level };
      this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
    };
    source.connect(worklet);
    this.#nodes = [source, worklet];
    this.#worklet = worklet;
    const [track] = stream.getAudioTracks();
    for (const turned of ["mute", "unmute"]) {
      track.addEventListener(turned, () => this.#stream === stream && this.dispatchEvent(new CustomEvent("silenced")));
    }
    track.addEventListener("ended", () => {
      if (this.#stream !== stream) return;
      this.close();
      this.dispatchEvent(new CustomEvent("lost"));
    });
  }

  /** @param {boolean} muted The device stays open, so that the person is heard again at once. */
  mute(muted) {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  /** The device's light goes out. */
  close() {
    this.#opening += 1;
    this.#letGo();
  }

  #letGo() {
    for (const node of this.#nodes) node.disconnect();
    this.#worklet?.port.postMessage("over"); // without a word it would run as long as its context
    this.#worklet = null;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#nodes = [];
    this.#stream = null;
  }
}

// @ts-check
/** The one audio context of a call: browsers cancel echoes best where microphone and loudspeaker share it. Fires
 *  `change` when it falls asleep or wakes. */

const PATIENCE = 5000;

export class SoundRoom extends EventTarget {
  /** @type {AudioContext|null} */
  context = null;

  /** @param {{capture: string, playback: string}} worklets addresses of the two worklets */
  constructor(worklets) {
    super();
    this.worklets = worklets;
  }

  /** To be called from a click: only then may a page make a sound. Throws where the browser has no such sound. */
  async open() {
    const context = (this.context ??= this.#made());
    const awake = Promise.race([context.resume(), refusedAfter(PATIENCE)]);
    await Promise.all([awake, ...Object.values(this.worklets).map((address) => context.audioWorklet.addModule(address))]);
    return context;
  }

  #made() {
    const context = new AudioContext({ latencyHint: "interactive" });
    context.addEventListener("statechange", () => context === this.context && this.dispatchEvent(new CustomEvent("change")));
    return context;
  }

  /** Whether sound goes in and out. */
  get awake() {
    return this.context?.state === "running";
  }

  /** After a phone call or a locked screen the browser leaves the context asleep. */
  wake() {
    if (this.context && this.context.state !== "running") this.context.resume().catch(() => {});
  }

  /** @param {string} device where the sound goes, empty for the usual place */
  async sendTo(device) {
    if (this.context?.setSinkId && (this.context.sinkId ?? "") !== device) await this.context.setSinkId(device);
  }

  close() {
    this.context?.close().catch(() => {});
    this.context = null;
  }
}

/** @param {number} milliseconds @returns {Promise<never>} */
const refusedAfter = (milliseconds) =>
  new Promise((_, refuse) => setTimeout(() => refuse(new Error("no sound")), milliseconds));

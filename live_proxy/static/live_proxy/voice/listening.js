// @ts-check
/** Listening to the person during a call, whatever becomes of microphones. Fires `change`, `told` with what is to be said
 *  of the one that listens (empty where it is the one that was asked for), and `trouble` with the error. */

import { MicrophoneError } from "./microphone.js";

/** @typedef {"replaced"|"kept"|"instead"|""} Told */

export class Listening extends EventTarget {
  #call = 0;
  /** Which device was asked for, of the one that listens; empty for the usual one. */
  device = "";

  /**
   * @param {import("./microphone.js").Microphone} microphone
   * @param {import("./sound_room.js").SoundRoom} room
   * @param {() => import("../settings/device_choice.js").DeviceChoice} choice
   * @param {() => boolean} muted
   */
  constructor(microphone, room, choice, muted) {
    super();
    this.microphone = microphone;
    this.room = room;
    this.choice = choice;
    this.muted = muted;
    microphone.addEventListener("lost", () => this.#replace());
    microphone.addEventListener("silenced", () => this.dispatchEvent(new CustomEvent("change")));
  }

  /** From a click. @returns {Promise<boolean>} false where the call ended meanwhile. Throws `MicrophoneError`. */
  begin() {
    this.#call += 1;
    return this.#listen(this.choice().microphone);
  }

  /** @param {string} [device] @returns {Promise<boolean>} whether it listens. What goes wrong is told to this call, and to no
   *  later one. */
  async again(device = this.choice().microphone) {
    const call = this.#call;
    try {
      return await this.#listen(device);
    } catch (error) {
      if (call !== this.#call) return false;
      if (this.microphone.open) this.#tell("kept");
      else this.dispatchEvent(new CustomEvent("trouble", { detail: error }));
      return false;
    }
  }

  end() {
    this.#call += 1;
    this.microphone.close();
  }

  /** The microphone was unplugged: the usual one takes its place, and the person is told. */
  async #replace() {
    if (await this.again("")) this.#tell("replaced");
  }

  /** @param {string} device Where it cannot be had and none listens yet, the usual one does: another one can be chosen
   *  only in a call. */
  async #listen(device) {
    const call = this.#call;
    try {
      return await this.#open(device);
    } catch (error) {
      if (!device || this.microphone.open || call !== this.#call || !ofTheDevice(error)) throw error;
      const listening = await this.#open("");
      if (listening) this.#tell("instead");
      return listening;
    }
  }

  /** @param {string} device */
  async #open(device) {
    const listening = await this.microphone.listen(() => this.room.open(), device);
    if (listening) {
      this.device = device;
      this.#tell("");
    }
    this.microphone.mute(this.muted());
    this.dispatchEvent(new CustomEvent("change"));
    return listening;
  }

  /** @param {Told} what */
  #tell(what) {
    this.dispatchEvent(new CustomEvent("told", { detail: what }));
  }
}

/** @param {unknown} error Another device may do better. */
const ofTheDevice = (error) =>
  error instanceof MicrophoneError && (error.trouble === "no_microphone" || error.trouble === "microphone_busy");

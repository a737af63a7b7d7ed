// @ts-check
/** Listening to the person during a call, whatever becomes of microphones. Fires `change`, `replaced` when another one
 *  listens than before, and `trouble` with the error. */

export class Listening extends EventTarget {
  #call = 0;

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
      if (call === this.#call) this.dispatchEvent(new CustomEvent("trouble", { detail: error }));
      return false;
    }
  }

  end() {
    this.#call += 1;
    this.microphone.close();
  }

  /** The microphone was unplugged: the usual one takes its place, and the person is told. */
  async #replace() {
    if (await this.again("")) this.dispatchEvent(new CustomEvent("replaced"));
  }

  /** @param {string} device */
  async #listen(device) {
    const listening = await this.microphone.listen(() => this.room.open(), device);
    this.microphone.mute(this.muted());
    this.dispatchEvent(new CustomEvent("change"));
    return listening;
  }
}

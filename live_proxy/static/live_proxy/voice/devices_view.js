// @ts-check
/** Which microphone and loudspeaker: the browser names them once the person has let the page listen. */

import { element } from "../foundation/dom.js";
import { filled, gettext } from "../language/gettext.js";
import { talkWords } from "../language/call_words.js";
import { deviceChoice, keepDeviceChoice } from "../settings/device_choice.js";

export class DevicesView {
  /**
   * @param {HTMLSelectElement} microphones
   * @param {HTMLSelectElement} speakers
   * @param {import("./call.js").Call} call
   */
  constructor(microphones, speakers, call) {
    this.microphones = microphones;
    this.speakers = speakers;
    this.listening = call.listening;
    microphones.addEventListener("change", () => this.#choose(call.microphone.open));
    speakers.addEventListener("change", () => {
      keepDeviceChoice({ speaker: speakers.value });
      call.room.sendTo(speakers.value).catch(() => {});
    });
    navigator.mediaDevices?.addEventListener("devicechange", () => call.begun && this.list());
  }

  /** @param {boolean} open Whether one listens: a choice that does not work out is not kept. */
  async #choose(open) {
    const { value } = this.microphones;
    if (!open || (await this.listening.again(value))) keepDeviceChoice({ microphone: value });
    else if (this.microphones.value === value) this.microphones.value = this.listening.device; // nothing else was chosen meanwhile
  }

  async list() {
    const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    const { speaker } = deviceChoice();
    fill(this.microphones, devices.filter(({ kind }) => kind === "audioinput"), this.listening.device, talkWords.microphone);
    fill(this.speakers, devices.filter(({ kind }) => kind === "audiooutput"), speaker, talkWords.speaker);
    const movable = "setSinkId" in AudioContext.prototype;
    /** @type {HTMLElement} */ (this.speakers.closest("label")).hidden = !movable || this.speakers.options.length < 2;
  }
}

/** @param {HTMLSelectElement} select @param {MediaDeviceInfo[]} devices @param {string} chosen @param {string} kind */
function fill(select, devices, chosen, kind) {
  const named = devices.filter(({ deviceId }) => deviceId && deviceId !== "default");
  const options = named.map(({ deviceId, label }, at) =>
    element("option", { value: deviceId }, label || filled(gettext("%(kind)s %(number)s"), { kind, number: at + 1 })),
  );
  select.replaceChildren(element("option", { value: "" }, talkWords.usual), ...options);
  select.value = named.some(({ deviceId }) => deviceId === chosen) ? chosen : "";
}

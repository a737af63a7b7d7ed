// @ts-check
/** How this device talks: push-to-talk, half duplex, volume, and which microphone and loudspeaker. */

import { find } from "../foundation/dom.js";
import { deviceChoice, keepDeviceChoice } from "../settings/device_choice.js";
import { DevicesView } from "./devices_view.js";

/** @param {import("./call.js").Call} call @returns the view of its devices */
export function enableVoiceOptions(call) {
  option("#push-to-talk", "pushToTalk", () => call.changeManner());
  option("#half-duplex", "halfDuplex", () => {});
  const volume = /** @type {HTMLInputElement} */ (find("#volume"));
  volume.value = String(deviceChoice().volume);
  volume.addEventListener("input", () => {
    call.speaker.volume = Number(volume.value);
    keepDeviceChoice({ volume: Number(volume.value) });
  });
  return new DevicesView(find("#microphone"), find("#loudspeaker"), call);

  /** @param {string} selector @param {"pushToTalk"|"halfDuplex"} name @param {() => void} then */
  function option(selector, name, then) {
    const box = /** @type {HTMLInputElement} */ (find(selector));
    box.checked = deviceChoice()[name];
    box.addEventListener("change", () => {
      keepDeviceChoice({ [name]: box.checked });
      then();
      call.dispatchEvent(new CustomEvent("change"));
    });
  }
}

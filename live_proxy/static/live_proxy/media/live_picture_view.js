// @ts-check
/** Camera and screen in the panel of a call: the buttons, the preview, and a sign that somebody is watching. */

import { find } from "../foundation/dom.js";
import { talkWords } from "../language/call_words.js";
import { pictureMessage } from "../wire/setup_message.js";
import { LivePicture, PictureError } from "./live_picture.js";

export class LivePictureView extends EventTarget {
  #frame = find("#live-picture");
  #sign = find("#live-picture-sign");
  #buttons = { camera: find("#camera"), screen: find("#screen") };
  picture = new LivePicture(/** @type {HTMLVideoElement} */ (find("#preview")));

  /** @param {import("../voice/call.js").Call} call */
  constructor(call) {
    super();
    this.call = call;
    for (const source of /** @type {const} */ (["camera", "screen"])) {
      this.#buttons[source].addEventListener("click", () => this.#toggle(source));
    }
    /** @type {HTMLButtonElement} */ (this.#buttons.screen).hidden = !navigator.mediaDevices?.getDisplayMedia;
    this.picture.addEventListener("picture", (event) => {
      call.uplink.picture(pictureMessage(/** @type {CustomEvent} */ (event).detail));
    });
    this.picture.addEventListener("ended", () => this.#show());
    call.addEventListener("change", () => {
      if (!call.begun) this.picture.hide();
      this.#show();
    });
  }

  /** @param {import("./live_picture.js").Source} source */
  async #toggle(source) {
    if (this.picture.source === source) return this.picture.hide();
    try {
      await this.picture.show(source);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("trouble", { detail: error instanceof PictureError ? error.trouble : "no_camera" }));
    }
    if (!this.call.begun) this.picture.hide();
    this.#show();
  }

  #show() {
    const { source } = this.picture;
    this.picture.paused = !this.call.serving.heard || !this.call.serving.served;
    this.#frame.hidden = source === null;
    for (const [name, button] of Object.entries(this.#buttons)) button.setAttribute("aria-pressed", String(name === source));
    const seen = source === "screen" ? talkWords.screenOn : talkWords.cameraOn;
    const sentence = this.picture.paused ? talkWords.unseen : seen;
    if (this.#sign.textContent !== sentence) this.#sign.textContent = source ? sentence : "";
    this.#frame.dataset.live = String(source !== null && !this.picture.paused);
  }
}

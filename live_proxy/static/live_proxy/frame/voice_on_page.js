// @ts-check
/** Voice and live pictures as the page has them: the call, its panel, and what is said when something goes wrong. */

import { find } from "../foundation/dom.js";
import { talkWords } from "../language/call_words.js";
import { words } from "../language/words.js";
import { filled } from "../language/gettext.js";
import { LivePictureView } from "../media/live_picture_view.js";
import { deviceChoice } from "../settings/device_choice.js";
import { Call } from "../voice/call.js";
import { SoundRoom } from "../voice/sound_room.js";
import { VoiceView } from "../voice/voice_view.js";

/** @type {Record<string, string>} What the picture's troubles are called among the bad moments. */
const PICTURE_MOMENTS = { denied: "camera_denied", no_camera: "no_camera", no_screen: "no_screen", insecure: "insecure" };

/** @type {import("../voice/microphone.js").MicrophoneTrouble[]} What is over once a microphone is open. */
const MICROPHONE_MOMENTS = ["insecure", "denied", "no_microphone", "microphone_busy", "no_sound"];

export class VoiceOnPage {
  #cutOff = false; // whether a call ended because the network lets no WebSocket through

  /**
   * @param {import("../wire/socket.js").LiveSocket} socket
   * @param {import("./status.js").StatusView} status
   * @param {{worklets: {capture: string, playback: string}}} page
   */
  constructor(socket, status, page) {
    this.status = status;
    this.call = new Call(socket, new SoundRoom(page.worklets), deviceChoice);
    this.view = new VoiceView(this.call);
    this.call.addEventListener("trouble", (event) => {
      status.moment(/** @type {CustomEvent} */ (event).detail, words.retry, () => {
        status.clearNotice();
        this.call.start();
      });
      find("#notice button").focus();
    });
    this.call.addEventListener("offered", () => this.#offer(talkWords.talkAgain, () => this.call.resume()));
    this.call.addEventListener("change", () => {
      if (!this.call.resumable) status.clearOffer();
      if (this.call.microphone.open) status.clearMoment(MICROPHONE_MOMENTS);
      if (!this.call.begun) status.clearMoment(["camera_denied", "no_camera", "no_screen"]); // they speak of the call
    });
    this.view.addEventListener("refused", (event) => {
      status.hint(/** @type {CustomEvent} */ (event).detail);
    });
    new LivePictureView(this.call).addEventListener("trouble", (event) => {
      status.moment(PICTURE_MOMENTS[/** @type {CustomEvent} */ (event).detail]);
    });
  }

  /** @param {boolean} talks whether the chosen model does @param {boolean} overHttp */
  offer(talks, overHttp) {
    const reason = overHttp ? talkWords.overHttp : talks ? "" : talkWords.noVoice;
    if (reason && this.call.begun) {
      this.call.end();
      this.#cutOff = overHttp;
      if (!overHttp) this.status.hint(reason);
    }
    this.view.offer(reason);
    if (!reason && this.#cutOff) {
      this.#cutOff = false;
      this.#offer(talkWords.start, () => this.call.start());
    }
  }

  /** @param {string} label @param {() => void} talk */
  #offer(label, talk) {
    this.status.offer(talkWords.offered, label, () => {
      this.status.clearOffer();
      talk();
    });
  }

  /** A typed message waits for its answer. */
  asked() {
    if (this.call.begun) this.call.answering.expect();
  }

  /** @param {import("../wire/protocol.js").LiveEvent} event */
  take(event) {
    this.call.take(event);
    if (event.type !== "served" || !this.call.begun || !this.call.socket.shape.talk) return;
    const { lost, transport } = event.served;
    const deaf = lost.includes("audio_in");
    const sentence = deaf ? talkWords.deaf : lost.includes("audio_out") ? talkWords.silent : "";
    this.view.notes.say("lost", filled(sentence, { transport }));
  }
}

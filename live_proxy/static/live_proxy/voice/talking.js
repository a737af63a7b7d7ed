// @ts-check
/** The person's side of a call: which of the microphone's frames go out, muting, and push-to-talk. */

import { ACTIVITY_END, ACTIVITY_START, soundMessage, STREAM_END } from "../wire/setup_message.js";
import { FRAME_MS } from "./microphone.js";
import { SpeechWatch } from "./speech_watch.js";

/** Milliseconds for which the room still echoes after an answer. */
const ECHO = 300;

export class Talking {
  muted = false;
  /** Whether the push-to-talk key or button is held. */
  pressed = false;
  level = 0;
  #silentSince = 0;
  #watch = new SpeechWatch();

  /**
   * @param {import("../wire/socket.js").LiveSocket} socket
   * @param {import("../wire/uplink.js").Uplink} uplink
   * @param {import("./microphone.js").Microphone} microphone
   * @param {import("./answering.js").Answering} answering
   * @param {import("./serving.js").Serving} serving
   * @param {() => import("../settings/device_choice.js").DeviceChoice} choice
   */
  constructor(socket, uplink, microphone, answering, serving, choice) {
    this.socket = socket;
    this.uplink = uplink;
    this.microphone = microphone;
    this.answering = answering;
    this.serving = serving;
    this.choice = choice;
    microphone.addEventListener("frame", (event) => this.#frame(/** @type {CustomEvent} */ (event).detail));
    answering.speaker.addEventListener("sounding", () => (this.#silentSince = performance.now()));
  }

  begin() {
    this.muted = this.pressed = false;
    this.#watch.reset();
  }

  /** @param {boolean} muted Only the microphone: what is said goes on. */
  mute(muted) {
    this.muted = muted;
    this.microphone.mute(muted);
    this.#watch.reset();
    // What was said until now is answered; the silence that would show its end does not come any more.
    if (muted && !this.choice().pushToTalk) this.socket.sendNow(STREAM_END);
    if (muted) this.press(false);
  }

  /** @param {boolean} pressed @returns {boolean} whether that changed something */
  press(pressed) {
    if (!this.choice().pushToTalk || pressed === this.pressed || (pressed && (this.muted || !this.serving.heard || !this.serving.served))) return false;
    this.pressed = pressed;
    if (pressed) this.answering.speaker.silence();
    this.socket.sendNow(pressed ? ACTIVITY_START : ACTIVITY_END);
    if (!pressed) this.answering.expect();
    return true;
  }

  /** @param {import("./microphone.js").Frame} frame */
  #frame({ data, level }) {
    this.level = this.muted ? 0 : level;
    if (this.muted || !this.#listens) return;
    const news = this.#watch.feed(level, FRAME_MS);
    if (news === "began") this.answering.settle();
    else if (news === "ended" && !this.choice().pushToTalk && !this.answering.speaker.sounding) this.answering.expect();
    this.uplink.sound(soundMessage(data));
  }

  get #listens() {
    const { pushToTalk, halfDuplex } = this.choice();
    if (!this.serving.heard || !this.serving.served || (pushToTalk && !this.pressed)) return false;
    return !halfDuplex || (!this.answering.speaker.sounding && performance.now() - this.#silentSince > ECHO);
  }
}

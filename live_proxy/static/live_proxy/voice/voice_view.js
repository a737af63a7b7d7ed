// @ts-check
/** The panel of a spoken conversation: its state in words, its levels, its buttons and options. */

import { find } from "../foundation/dom.js";
import { callWords, talkWords } from "../language/call_words.js";
import { deviceChoice, keepDeviceChoice } from "../settings/device_choice.js";
import { DevicesView } from "./devices_view.js";
import { LevelsView } from "./levels_view.js";
import { enablePushToTalk } from "./push_to_talk.js";

export class VoiceView {
  #panel = find("#voice");
  #state = find("#voice-state");
  #note = find("#voice-note");
  #start = /** @type {HTMLButtonElement} */ (find("#start-voice"));
  #mute = find("#mute");
  #talk = find("#talk");
  #resume = find("#talk-again");
  #levels;
  #devices;
  #listed = false;
  /** @type {WakeLockSentinel|null} */
  #awake = null;

  /** @param {import("./call.js").Call} call */
  constructor(call) {
    this.call = call;
    this.#levels = new LevelsView(/** @type {HTMLCanvasElement} */ (find("#levels")), () =>
      call.speaker.sounding ? { level: call.speaker.level, answer: true } : { level: call.talking.level, answer: false },
    );
    this.#devices = new DevicesView(find("#microphone"), find("#loudspeaker"), call);
    enablePushToTalk(call, this.#talk);
    this.#start.addEventListener("click", () => call.start());
    find("#end-voice").addEventListener("click", () => call.end());
    this.#mute.addEventListener("click", () => call.mute(!call.talking.muted));
    this.#resume.addEventListener("click", () => call.resume());
    this.#option("#push-to-talk", "pushToTalk", () => call.changeManner());
    this.#option("#half-duplex", "halfDuplex", () => {});
    const volume = /** @type {HTMLInputElement} */ (find("#volume"));
    volume.value = String(deviceChoice().volume);
    volume.addEventListener("input", () => {
      call.speaker.volume = Number(volume.value);
      keepDeviceChoice({ volume: Number(volume.value) });
    });
    call.addEventListener("change", () => this.#show());
    document.addEventListener("visibilitychange", () => document.hidden || call.room.wake());
    document.addEventListener("pointerdown", () => call.room.wake());
  }

  /** @param {string} selector @param {"pushToTalk"|"halfDuplex"} name @param {() => void} then */
  #option(selector, name, then) {
    const box = /** @type {HTMLInputElement} */ (find(selector));
    box.checked = deviceChoice()[name];
    box.addEventListener("change", () => {
      keepDeviceChoice({ [name]: box.checked });
      then();
      this.#show();
    });
  }

  /** @param {string} reason why voice cannot be started, empty where it can */
  offer(reason) {
    this.#start.disabled = reason !== "";
    this.#start.title = reason || talkWords.start;
  }

  #show() {
    const { call } = this;
    const { state, begun } = call;
    const { muted, pressed, heard } = call.talking;
    const byHand = call.choice().pushToTalk;
    const began = begun && this.#panel.hidden;
    this.#panel.hidden = !begun;
    this.#panel.dataset.state = state;
    this.#start.hidden = begun;
    const off = begun && heard && !call.microphone.open && call.talking.served;
    if (off) this.#say(talkWords.microphoneOff);
    else this.#say(byHand && state === "listening" ? (pressed ? talkWords.release : talkWords.holdToTalk) : callWords[state]);
    this.#mute.setAttribute("aria-pressed", String(muted));
    this.#mute.title = muted ? talkWords.muted : talkWords.mute;
    this.#talk.hidden = !byHand || !heard;
    this.#talk.setAttribute("aria-pressed", String(pressed));
    this.#resume.hidden = !off;
    this.#mute.hidden = !call.microphone.open;
    if (began) this.#began();
    else if (!begun) this.#ended();
    if (call.microphone.open && !this.#listed) this.#devices.list();
    this.#listed = call.microphone.open;
  }

  /** @param {string} sentence Said once: a live region that is set again would be read again. */
  #say(sentence) {
    if (this.#state.textContent !== sentence) this.#state.textContent = sentence;
  }

  /** @param {string} sentence what is lost on the transport of now, or nothing */
  note(sentence) {
    this.#note.textContent = sentence;
    this.#note.hidden = sentence === "";
  }

  #began() {
    this.note("");
    this.#levels.start();
    find("#end-voice").focus();
    navigator.wakeLock?.request("screen").then(
      (lock) => (this.#awake = lock),
      () => {},
    );
  }

  #ended() {
    this.#levels.stop();
    this.#awake?.release().catch(() => {});
    this.#awake = null;
  }
}

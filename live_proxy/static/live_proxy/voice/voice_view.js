// @ts-check
/** The panel of a spoken conversation: its state in words, its levels, its buttons and options. */

import { find } from "../foundation/dom.js";
import { alsoMuted, callWords, deviceWords, talkWords } from "../language/call_words.js";
import { LevelsView } from "./levels_view.js";
import { enablePushToTalk } from "./push_to_talk.js";
import { ScreenLock } from "./screen_lock.js";
import { VoiceNotes } from "./voice_notes.js";
import { enableVoiceOptions } from "./voice_options.js";

/** Milliseconds for which the panel still says that voice has ended. */
const LINGER = 3000;

/** Fires `refused` with the reason where voice is asked for and cannot be had. */
export class VoiceView extends EventTarget {
  #panel = find("#voice");
  #state = find("#voice-state");
  #start = /** @type {HTMLButtonElement} */ (find("#start-voice"));
  #mute = find("#mute");
  #talk = find("#talk");
  #resume = find("#talk-again");
  #levels;
  #devices;
  #listed = false;
  #shown = false;
  #focused = false;
  #timer = 0;
  #awake = new ScreenLock();
  notes = new VoiceNotes();
  /** Why voice cannot be started, empty where it can. */
  #refusal = "";

  /** @param {import("./call.js").Call} call */
  constructor(call) {
    super();
    this.call = call;
    this.#levels = new LevelsView(/** @type {HTMLCanvasElement} */ (find("#levels")), () =>
      call.speaker.sounding
        ? { level: call.speaker.level, answer: true }
        : { level: call.microphone.open ? call.talking.level : 0, answer: false },
    );
    this.#devices = enableVoiceOptions(call);
    enablePushToTalk(call, this.#talk);
    this.#start.addEventListener("click", () => {
      if (this.#refusal) this.dispatchEvent(new CustomEvent("refused", { detail: this.#refusal }));
      else call.start();
    });
    // The space bar talks: it must not press again what was clicked last.
    this.#panel.addEventListener("click", ({ detail, target }) => {
      if (detail && call.begun && call.choice().pushToTalk && /** @type {Element} */ (target).closest("button")) this.#talk.focus();
    });
    find("#end-voice").addEventListener("click", () => call.end());
    this.#mute.addEventListener("click", () => call.mute(!call.talking.muted));
    this.#resume.addEventListener("click", () => call.resume());
    call.addEventListener("change", () => this.#show());
    call.listening.addEventListener("told", (event) => {
      this.notes.say("device", deviceWords[/** @type {CustomEvent<import("./listening.js").Told>} */ (event).detail]);
    });
    document.addEventListener("visibilitychange", () => document.hidden || call.room.wake());
    for (const sign of ["pointerdown", "keydown"]) document.addEventListener(sign, () => call.room.wake());
  }

  /** @param {string} reason why voice cannot be started, empty where it can. The button can be reached all the same,
   *  and says why. */
  offer(reason) {
    this.#refusal = reason;
    this.#start.disabled = false;
    this.#start.setAttribute("aria-disabled", String(reason !== ""));
    this.#start.title = reason || talkWords.start;
  }

  #show() {
    const { call } = this;
    const { begun, state } = call;
    if (begun) {
      if (!this.#shown) this.#began();
      this.#showCall();
    } else if (this.#shown) this.#ended();
    this.#panel.dataset.state = state;
    this.#say(this.#sentence());
  }

  #showCall() {
    const { call } = this;
    const { muted, pressed } = call.talking;
    const { heard } = call.serving;
    const byHand = call.choice().pushToTalk;
    this.#mute.setAttribute("aria-pressed", String(muted));
    this.#mute.title = muted ? talkWords.muted : talkWords.mute;
    this.#mute.hidden = !call.microphone.open;
    this.#talk.hidden = !byHand || !heard;
    this.#talk.setAttribute("aria-pressed", String(pressed));
    this.#resume.hidden = !this.#off;
    if (call.microphone.open && !this.#listed) this.#devices.list();
    this.#listed = call.microphone.open;
    this.notes.say("behind", call.uplink.behind ? talkWords.behind : "");
    // What had the focus may be gone: the person is still in the call.
    if (document.activeElement === document.body && this.#focused) this.#takeFocus();
    this.#focused = this.#panel.contains(document.activeElement);
  }

  /** Whether somebody would hear the person, and the microphone is off. */
  get #off() {
    const { resumable, serving } = this.call;
    return resumable && serving.served;
  }

  #sentence() {
    const { state, talking, choice } = this.call;
    if (this.#off) return talkWords.microphoneOff;
    if (choice().pushToTalk && state === "listening") return talking.pressed ? talkWords.release : talkWords.holdToTalk;
    return talking.muted && (state === "speaking" || state === "thinking") ? alsoMuted(callWords[state]) : callWords[state];
  }

  /** @param {string} sentence Said once: a live region that is set again would be read again. */
  #say(sentence) {
    if (this.#state.textContent !== sentence) this.#state.textContent = sentence;
  }

  #began() {
    clearTimeout(this.#timer);
    this.notes.clear();
    this.#shown = true;
    this.#panel.hidden = false;
    this.#start.hidden = true;
    this.#levels.start();
    this.#awake.take();
    this.#takeFocus();
    this.#focused = true;
  }

  /** Nothing that the space bar would press. */
  #takeFocus() {
    (this.#talk.hidden ? this.#panel : this.#talk).focus();
  }

  /** That it is over is said where the call was; then the panel goes. */
  #ended() {
    const left = this.#panel.contains(document.activeElement);
    this.#shown = false;
    this.#start.hidden = false;
    this.#levels.stop();
    this.#awake.release();
    this.notes.clear();
    if (left) this.#start.focus();
    this.#timer = setTimeout(() => (this.#panel.hidden = true), this.call.serving.before ? LINGER : 0);
  }
}

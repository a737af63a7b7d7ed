// @ts-check
/** A spoken conversation over the page's socket, from its begin to its end. Fires `change` when something that is
 *  shown changes, `trouble` with its name, and `offered` when voice is possible again. */

import { Answering } from "./answering.js";
import { factsOf, stateOf } from "./call_state.js";
import { Listening } from "./listening.js";
import { Microphone, MicrophoneError } from "./microphone.js";
import { Serving } from "./serving.js";
import { Speaker } from "./speaker.js";
import { Talking } from "./talking.js";
import { Uplink } from "../wire/uplink.js";

export class Call extends EventTarget {
  begun = false;
  microphone = new Microphone();
  speaker = new Speaker();
  #changed = () => this.dispatchEvent(new CustomEvent("change"));
  answering = new Answering(this.speaker, this.#changed);
  serving = new Serving();
  #starting = 0;

  /**
   * @param {import("../wire/socket.js").LiveSocket} socket
   * @param {import("./sound_room.js").SoundRoom} room
   * @param {() => import("../settings/device_choice.js").DeviceChoice} choice
   */
  constructor(socket, room, choice) {
    super();
    this.socket = socket;
    this.room = room;
    this.choice = choice;
    this.uplink = new Uplink(socket);
    this.talking = new Talking(socket, this.uplink, this.microphone, this.answering, this.serving, choice);
    this.listening = new Listening(this.microphone, room, choice, () => this.talking.muted);
    this.listening.addEventListener("trouble", (event) => this.#trouble(/** @type {CustomEvent} */ (event).detail));
    for (const part of [this.listening, this.uplink, room]) part.addEventListener("change", this.#changed);
    socket.addEventListener("state", () => this.#connection());
    // Whatever comes next on another connection is another answer.
    socket.addEventListener("dropped", () => this.speaker.silence());
  }

  get state() {
    return stateOf(factsOf(this));
  }

  /** From a click. What goes wrong is told as `trouble`. */
  async start() {
    if (this.begun) return;
    const starting = ++this.#starting;
    this.begun = true;
    this.serving.begin();
    this.talking.begin();
    this.#changed();
    try {
      if (!(await this.listening.begin())) return;
      const context = await this.room.open();
      await this.room.sendTo(this.choice().speaker).catch(() => {});
      if (starting !== this.#starting) return;
      this.speaker.attach(context);
      this.speaker.volume = this.choice().volume;
    } catch (error) {
      if (starting === this.#starting) this.#trouble(error);
      return;
    }
    this.changeManner();
    this.#changed();
  }

  /** The microphone's light goes out, and the conversation goes on in writing. */
  end() {
    if (!this.begun) return;
    this.#starting += 1;
    this.begun = false;
    this.talking.begin();
    this.answering.settle();
    this.listening.end();
    this.speaker.detach();
    this.room.close();
    this.socket.reshape({ talk: null });
    this.#changed();
  }

  mute(/** @type {boolean} */ muted) {
    if (this.begun) this.talking.mute(muted);
    this.#changed();
  }

  press(/** @type {boolean} */ pressed) {
    if (this.begun && this.talking.press(pressed)) this.#changed();
  }

  /** Whether the person can be heard again, once they say so. */
  get resumable() {
    return this.begun && this.serving.heard && !this.microphone.open;
  }

  /** From a click. */
  async resume() {
    if (this.resumable) await this.listening.again();
  }

  /** Push-to-talk was chosen, or not. */
  changeManner() {
    if (!this.begun) return;
    this.socket.reshape({ talk: { marked: this.choice().pushToTalk } });
    this.socket.connect();
  }

  /** @param {import("../wire/protocol.js").LiveEvent} event */
  take(event) {
    if (!this.begun || !this.socket.shape.talk) return; // what the connection before the call still says is not meant
    const { heard } = this.serving;
    if (this.serving.take(event)) {
      if (!this.serving.heard) this.microphone.close(); // a light that is on says that somebody listens
      else if (!heard) this.dispatchEvent(new CustomEvent("offered"));
      this.#changed();
    }
    this.answering.take(event);
  }

  #connection() {
    if (!this.begun) return;
    if (this.socket.state !== "ready") {
      this.talking.pressed = false;
      this.serving.connectionLost();
      this.answering.settle();
      this.speaker.end(); // what is here is played; more of it does not come
    }
    if (this.socket.state === "closed") return this.end();
    this.#changed();
  }

  /** @param {unknown} error */
  #trouble(error) {
    this.end();
    this.dispatchEvent(new CustomEvent("trouble", { detail: error instanceof MicrophoneError ? error.trouble : "no_sound" }));
  }
}

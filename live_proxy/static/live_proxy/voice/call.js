// @ts-check
/** A spoken conversation over the page's socket, from its begin to its end. Fires `change` when something that is
 *  shown changes, `trouble` with its name, `offered` when voice is possible again, and `replaced` when another
 *  microphone listens than before. */

import { Answering } from "./answering.js";
import { stateOf } from "./call_state.js";
import { Microphone, MicrophoneError } from "./microphone.js";
import { Speaker } from "./speaker.js";
import { Talking } from "./talking.js";
import { Uplink } from "../wire/uplink.js";

/** What shows that somebody serves. */
const SIGNS_OF_LIFE = new Set(["heard", "audio", "text", "spoken"]);

export class Call extends EventTarget {
  begun = false;
  microphone = new Microphone();
  speaker = new Speaker();
  #changed = () => this.dispatchEvent(new CustomEvent("change"));
  answering = new Answering(this.speaker, this.#changed);
  /** Whether somebody has served it. */
  connectedBefore = false;
  #looking = false; // for somebody who serves
  #unserved = false;
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
    this.talking = new Talking(socket, this.uplink, this.microphone, this.answering, choice);
    this.microphone.addEventListener("lost", () => this.#replace());
    this.uplink.addEventListener("change", this.#changed);
    room.addEventListener("change", this.#changed);
    socket.addEventListener("state", () => this.#connection());
    // Whatever comes next on another connection is another answer.
    socket.addEventListener("dropped", () => this.speaker.silence());
  }

  get state() {
    return stateOf({
      begun: this.begun,
      microphone: this.microphone.open,
      connected: this.talking.served && !this.#looking,
      connectedBefore: this.connectedBefore,
      awake: this.room.awake,
      unserved: this.#unserved,
      heard: this.talking.heard,
      muted: this.talking.muted,
      sounding: this.speaker.sounding,
      awaiting: this.answering.due,
    });
  }

  /** From a click. What goes wrong is told as `trouble`. */
  async start() {
    if (this.begun) return;
    const starting = ++this.#starting;
    this.begun = true;
    this.connectedBefore = this.#looking = this.#unserved = false;
    this.talking.begin();
    this.#changed();
    try {
      if (!(await this.#listen(this.choice().microphone))) return;
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
    this.microphone.close();
    this.speaker.detach();
    this.room.close();
    this.socket.reshape({ talk: null });
    this.#changed();
  }

  mute(/** @type {boolean} */ muted) {
    if (!this.begun) return;
    this.talking.mute(muted);
    this.#changed();
  }

  /** @param {boolean} pressed Push-to-talk. */
  press(pressed) {
    if (this.begun && this.talking.press(pressed)) this.#changed();
  }

  async changeMicrophone(/** @type {string} */ device) {
    if (this.microphone.open) await this.#listenAgain(device);
  }

  /** Whether the person can be heard again, once they say so. */
  get resumable() {
    return this.begun && this.talking.heard && !this.microphone.open;
  }

  /** Talk again, where a transport that hears serves again. From a click. */
  async resume() {
    if (this.resumable) await this.#listenAgain(this.choice().microphone);
  }

  /** The microphone was unplugged: the usual one takes its place, and the person is told. */
  async #replace() {
    if (await this.#listenAgain("")) this.dispatchEvent(new CustomEvent("replaced"));
  }

  /** @param {string} device @returns {Promise<boolean>} whether it listens. What goes wrong ends this call, and no later one. */
  async #listenAgain(device) {
    const call = this.#starting;
    try {
      return await this.#listen(device);
    } catch (error) {
      if (call === this.#starting) this.#trouble(error);
      return false;
    }
  }

  /** Push-to-talk was chosen, or not. */
  changeManner() {
    if (!this.begun) return;
    this.socket.reshape({ talk: { marked: this.choice().pushToTalk } });
    this.socket.connect();
  }

  /** @param {import("../wire/protocol.js").LiveEvent} event */
  take(event) {
    if (!this.begun || !this.socket.talk) return; // what the connection before the call still says is not meant
    if (event.type === "served") return this.#serves(!event.served.lost.includes("audio_in"));
    this.answering.take(event);
    if (event.type === "climbing") this.#upstream(true, false);
    else if (event.type === "failure") this.#upstream(false, true);
    else if (SIGNS_OF_LIFE.has(event.type)) this.#upstream(false, false);
  }

  /** @param {boolean} looking for somebody who serves @param {boolean} unserved */
  #upstream(looking, unserved) {
    if (this.#looking === looking && this.#unserved === unserved) return;
    this.#looking = looking;
    this.#unserved = unserved;
    this.#changed();
  }

  /** @param {string} device */
  async #listen(device) {
    const listening = await this.microphone.listen(() => this.room.open(), device);
    this.microphone.mute(this.talking.muted);
    this.#changed();
    return listening;
  }

  /** @param {boolean} heard whether the transport of now takes voice */
  #serves(heard) {
    const again = heard && !this.talking.heard;
    Object.assign(this.talking, { served: true, heard });
    this.connectedBefore = true;
    this.#looking = this.#unserved = false;
    if (!heard) this.microphone.close(); // a light that is on says that somebody listens
    else if (again) this.dispatchEvent(new CustomEvent("offered"));
    this.#changed();
  }

  #connection() {
    if (!this.begun) return;
    if (this.socket.state !== "ready") {
      this.talking.served = this.talking.pressed = this.#looking = false;
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

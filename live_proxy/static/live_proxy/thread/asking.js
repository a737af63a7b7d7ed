// @ts-check
/** Asking: something new, the same again, something else in its place, or no more. */

import { newId } from "../foundation/ids.js";
import { words } from "../language/words.js";
import { STOP } from "../wire/setup_message.js";

/** Milliseconds within which a stopped answer must be over, before the connection is ended instead. */
const STOPS_WITHIN = 3000;

/** @typedef {import("./message_view.js").MessageView} MessageView */
/** @typedef {import("../wire/setup_message.js").Media} Media */

export class Asking {
  onReplaced = (/** @type {number} */ _count) => {}; // messages that are no part of the thread any more

  /** @type {{old: MessageView, text: string}|null} */
  #replacing = null;
  /** @type {(() => void)[]} what was said while another message was being replaced: its place is behind that one */
  #behind = [];

  /**
   * @param {import("../wire/socket.js").LiveSocket} socket
   * @param {import("../wire/http_line.js").HttpLine} http
   * @param {import("../wire/api.js").Api} api
   */
  constructor(socket, http, api) {
    this.socket = socket;
    this.http = http;
    this.api = api;
    http.addEventListener("asking", () => this.turns?.connected());
  }

  /** @param {import("./turns.js").Turns} turns */
  attach(turns) {
    this.turns = turns;
  }

  /** @param {string} text @param {Media[]} media */
  say(text, media) {
    this.#send({ id: newId(), text, media }, null);
  }

  /** @param {MessageView} asked A failed one keeps its id, so it stands in the record once. */
  askAgain(asked) {
    if (!asked.clientId) return this.say(asked.text, asked.media);
    this.#send({ id: asked.clientId, text: asked.text, media: asked.media }, asked);
  }

  /** Everything from a message on makes place for another one; what never went out, only that. Once at a time: a
   *  second press means the same. Throws where the record refuses, or something else is being replaced.
   *  @param {MessageView} old @param {string} text @param {Media[]} media */
  async replace(old, text, media) {
    if (this.#replacing?.old === old && this.#replacing.text === text) return;
    if (this.#replacing) throw new Error("Another message is being replaced.");
    const { socket, turns } = this;
    this.#replacing = { old, text };
    try {
      if (old.row && socket.place.conversation) {
        socket.drop(); // what was being answered must not come back into the thread
        socket.held = true; // nor a new connection be taken for the one that the rewind ends
        this.onReplaced((await this.api.rewind(socket.place.conversation, old.row)).replaced);
      }
      if (old.unsent) turns?.thread.remove(old);
      else turns?.thread.cutFrom(old);
      this.#behind.unshift(() => this.say(text, media));
    } finally {
      this.#replacing = null;
      socket.held = false;
      for (const say of this.#behind.splice(0)) say();
    }
  }

  stop() {
    const { http, socket, turns } = this;
    const stopped = turns?.active;
    if (!stopped) return;
    if (http.active) return http.stop();
    if (!socket.sendNow(STOP)) return this.#withdraw();
    setTimeout(() => turns?.active === stopped && socket.reopen(), STOPS_WITHIN);
  }

  /** What waits for a connection does not wait for it any more. */
  #withdraw() {
    const waiting = this.socket.outbox.clear();
    if (!waiting.length) return this.socket.reopen();
    for (const id of waiting) this.turns?.notSent(id, words.notSent);
  }

  /** @param {import("../wire/setup_message.js").Typed} typed @param {MessageView|null} earlier */
  #send(typed, earlier) {
    if (this.#replacing) return void this.#behind.push(() => this.#send(typed, earlier));
    this.turns?.said(typed, earlier);
    this.socket.send(typed);
    this.http.pump();
  }
}

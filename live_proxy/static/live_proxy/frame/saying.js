// @ts-check
/** Saying something, or the same again in its place: what cannot be sent is refused before anything is lost. */

import { words } from "../language/words.js";
import { fits } from "../wire/limits.js";

/** @typedef {import("../wire/setup_message.js").Media} Media */

/**
 * @typedef {object} Parts
 * @property {import("../wire/socket.js").LiveSocket} socket
 * @property {import("../wire/http_line.js").HttpLine} http
 * @property {import("../thread/asking.js").Asking} asking
 * @property {import("./composer.js").Composer} composer
 * @property {import("./status.js").StatusView} status
 * @property {import("../wire/limits.js").Limits} limits
 * @property {(text: string) => void} said called with what is about to be said
 */

export class Saying {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /** @param {{text: string, media: Media[]}} typed @returns why it cannot be sent, or nothing */
  refusal(typed) {
    const { http, limits } = this.parts;
    if (http.active && typed.media.length) return words.noMediaHere;
    return fits(typed, limits) ? "" : words.tooLong;
  }

  /** @param {import("./composer.js").Said} said */
  async say({ text, media, instead }) {
    const { asking, composer, said, socket, status } = this.parts;
    said(text);
    if (socket.state === "ready" && navigator.onLine) status.clearNotice();
    else status.clearHint();
    if (!instead) return asking.say(text, media);
    try {
      await asking.replace(instead, text, media);
    } catch {
      composer.edit(instead, text, media);
      status.notice({ text: words.notReplaced });
    }
  }

  /** @param {import("../thread/message_view.js").MessageView} asked The same again, in its place. */
  again(asked) {
    const { media, text } = asked;
    if (this.#whole(asked)) this.say({ text, media, instead: asked });
  }

  /** @param {import("../thread/message_view.js").MessageView} asked What failed, once more. */
  retry(asked) {
    if (this.#whole(asked)) this.parts.asking.askAgain(asked);
  }

  /** @param {import("../thread/message_view.js").MessageView} asked
   *  @returns whether it can be sent as it was; where not, what is to be done about it is said */
  #whole(asked) {
    const { composer, status } = this.parts;
    const { media, text, unkept } = asked;
    const why = this.refusal({ text, media });
    if (why) status.hint(why, "stop");
    else if (unkept && !media.length) {
      composer.edit(asked);
      status.hint(words.mediaGone);
    } else return true;
    return false;
  }
}

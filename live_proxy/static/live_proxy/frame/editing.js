// @ts-check
/** Whether the box holds something new, or an earlier message that is to be replaced; and what was in it before. */

import { find } from "../foundation/dom.js";

/** @typedef {{text: string, files: import("../media/attachments.js").Attachment[]}} Draft */

export class Editing {
  /** @type {import("../thread/message_view.js").MessageView|null} the earlier message */
  message = null;
  /** @type {Draft} */
  #before = { text: "", files: [] };
  #banner = find("#editing");

  /** @param {() => void} cancel */
  constructor(cancel) {
    find("#cancel-editing").addEventListener("click", cancel);
  }

  /** What was being written before. */
  get before() {
    return this.#before.text;
  }

  /** @param {import("../thread/message_view.js").MessageView} message @param {Draft} before */
  begin(message, before) {
    if (!this.message) this.#before = before;
    this.message = message;
    this.#banner.hidden = false;
  }

  /** @returns {Draft} what was being written before */
  end() {
    const before = this.#before;
    this.#before = { text: "", files: [] };
    this.message = null;
    this.#banner.hidden = true;
    return before;
  }
}

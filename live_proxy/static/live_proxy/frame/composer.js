// @ts-check
/** The text box: Enter sends, Shift+Enter breaks the line, Escape steps back. Fires `say`, `refused` with the reason why
 *  something cannot be said, `stop`, `intent`, and `written` when what is written has changed. */

import { find } from "../foundation/dom.js";
import { giveFocus, handOver, isGiven } from "../foundation/focus.js";
import { isComposing } from "../foundation/keyboard.js";
import { apart } from "../media/text_files.js";
import { fitHeight } from "./box_height.js";
import { Editing } from "./editing.js";

/** @typedef {{text: string, media: import("../wire/setup_message.js").Media[], instead: import("../thread/message_view.js").MessageView|null}} Said
 *  `instead`: the earlier message in whose place it stands */

export class Composer extends EventTarget {
  #editing = new Editing(() => this.#leaveEditing());
  #busy = false;
  #waiting = false; // for files that are read
  #stop = find("#stop");

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLTextAreaElement} box
   * @param {HTMLButtonElement} send
   * @param {import("../media/attachments.js").Attachments} attachments
   * @param {(typed: {text: string, media: import("../wire/setup_message.js").Media[]}) => string} refusal why it cannot be
   *   sent, or nothing
   */
  constructor(form, box, send, attachments, refusal) {
    super();
    this.refusal = refusal;
    this.form = form;
    this.box = box;
    this.send = send;
    this.attachments = attachments;
    this.#fit();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
    box.addEventListener("input", () => {
      this.#intend();
      this.#changed();
    });
    box.addEventListener("focus", () => isGiven() || this.#intend()); // what the page does is no intent to talk
    box.addEventListener("pointerdown", () => this.#intend());
    box.addEventListener("keydown", (event) => this.#key(event));
    this.#stop.addEventListener("click", ({ detail }) => {
      if (detail < 2) this.dispatchEvent(new CustomEvent("stop")); // not the second half of a double click on Send
    });
    attachments.addEventListener("change", () => this.#fit());
    addEventListener("resize", () => this.#fit());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // While an input method composes, Enter chooses a candidate.
    if (isComposing(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#say();
    } else if (event.key === "Escape") {
      if (this.#editing.message) this.#leaveEditing();
      else this.box.blur();
    }
  }

  get written() {
    return this.#editing.message ? this.#editing.before : this.box.value;
  }

  /** @param {string} text It stands in the box, and nobody has to go there. */
  put(text) {
    this.box.value = text;
    this.#changed();
  }

  /** @param {string} text */
  fill(text) {
    this.put(text);
    giveFocus(this.box);
    this.#intend();
  }

  /** @param {import("../thread/message_view.js").MessageView} message @param {string} [text] what it is to become
   *  @param {import("../wire/setup_message.js").Media[]} [media] */
  edit(message, text = message.text, media = message.media) {
    this.#editing.begin(message, { text: this.box.value, files: this.attachments.list });
    const { said, files } = apart(text);
    this.attachments.restore(media, files);
    this.fill(said);
  }

  /** Back to what was being written before. */
  #leaveEditing() {
    const before = this.#editing.end();
    this.attachments.put(before.files);
    this.fill(before.text);
  }

  /** @param {boolean} busy whether an answer is being given, which can be stopped */
  setBusy(busy) {
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.#offer();
  }

  #changed() {
    this.#fit();
    this.dispatchEvent(new CustomEvent("written"));
  }

  #intend = () => this.dispatchEvent(new CustomEvent("intent"));

  async #say() {
    if (this.attachments.unread && !(await this.#allRead())) return;
    const { text, media } = this.attachments.with(this.box.value.trim());
    if (!text && !media.length) return;
    const refusal = this.refusal({ text, media });
    if (refusal) return void this.dispatchEvent(new CustomEvent("refused", { detail: refusal }));
    const instead = this.#editing.message;
    this.#leaveEditing();
    this.dispatchEvent(new CustomEvent("say", { detail: { text, media, instead } }));
  }

  /** @returns {Promise<boolean>} whether what was to be sent is still the same, and all of it could be read */
  async #allRead() {
    if (this.#waiting) return false;
    const [text, instead, { refused }] = [this.box.value, this.#editing.message, this.attachments];
    this.#waiting = true;
    while (this.attachments.unread) await this.attachments.read;
    this.#waiting = false;
    return this.box.value === text && this.#editing.message === instead && this.attachments.refused === refused;
  }

  #fit() {
    this.#offer();
    fitHeight(this.box, this.form);
  }

  /** Which buttons are there. */
  #offer() {
    const empty = this.box.value.trim() === "" && this.attachments.list.length === 0;
    this.send.disabled = empty;
    this.send.hidden = empty && this.#busy;
    if (!this.#busy) handOver(this.#stop);
    this.#stop.hidden = !this.#busy;
  }
}

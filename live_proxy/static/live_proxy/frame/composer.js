// @ts-check
/** The text box: Enter sends, Shift+Enter breaks the line, Escape steps back. Fires `say`, `refused` with the reason why
 *  something cannot be said, `stop` and `intent`. */

import { find } from "../foundation/dom.js";
import { isComposing } from "../foundation/keyboard.js";
import { apart } from "../media/text_files.js";

/** @typedef {{text: string, media: import("../wire/setup_message.js").Media[], instead: import("../thread/message_view.js").MessageView|null}} Said
 *  `instead`: the earlier message in whose place it stands */

export class Composer extends EventTarget {
  /** @type {import("../thread/message_view.js").MessageView|null} the message that is edited */
  #instead = null;
  /** What was being written before. */
  #draft = { text: "", files: /** @type {import("../media/attachments.js").Attachment[]} */ ([]) };
  #busy = false;
  #waiting = false; // for files that are read
  #byHand = true;
  #editing = find("#editing");
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
      this.#fit();
    });
    box.addEventListener("focus", () => this.#byHand && this.#intend());
    box.addEventListener("pointerdown", () => this.#intend());
    box.addEventListener("keydown", (event) => this.#key(event));
    this.#stop.addEventListener("click", ({ detail }) => {
      // The second half of a double click on Send falls on what has taken its place.
      if (detail < 2) this.dispatchEvent(new CustomEvent("stop"));
    });
    find("#cancel-editing").addEventListener("click", () => this.#leaveEditing());
    attachments.addEventListener("change", () => this.#fit());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // While an input method composes, Enter chooses a candidate.
    if (isComposing(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#say();
    } else if (event.key === "Escape") {
      if (this.#instead) this.#leaveEditing();
      else this.box.blur();
    }
  }

  /** Focus that the page gives is no intent to talk. */
  focus() {
    this.#byHand = false;
    this.box.focus({ preventScroll: true });
    this.#byHand = true;
  }

  /** @param {string} text */
  fill(text) {
    this.box.value = text;
    this.#fit();
    this.focus();
    this.#intend();
  }

  /** @param {import("../thread/message_view.js").MessageView} message @param {string} [text] what it is to become
   *  @param {import("../wire/setup_message.js").Media[]} [media] */
  edit(message, text = message.text, media = message.media) {
    if (!this.#instead) this.#draft = { text: this.box.value, files: this.attachments.list };
    this.#instead = message;
    this.#editing.hidden = false;
    const { said, files } = apart(text);
    this.attachments.restore(media, files);
    this.fill(said);
  }

  /** Back to what was being written before. */
  #leaveEditing() {
    const { text, files } = this.#draft;
    this.#draft = { text: "", files: [] };
    this.#instead = null;
    this.#editing.hidden = true;
    this.attachments.put(files);
    this.fill(text);
  }

  /** @param {boolean} busy whether an answer is being given, which can be stopped */
  setBusy(busy) {
    this.#busy = busy;
    this.#fit();
  }

  #intend() {
    this.dispatchEvent(new CustomEvent("intent"));
  }

  async #say() {
    if (this.attachments.unread && !(await this.#allRead())) return;
    const { text, media } = this.attachments.with(this.box.value.trim());
    if (!text && !media.length) return;
    const refusal = this.refusal({ text, media });
    if (refusal) return void this.dispatchEvent(new CustomEvent("refused", { detail: refusal }));
    const instead = this.#instead;
    this.#leaveEditing();
    this.dispatchEvent(new CustomEvent("say", { detail: { text, media, instead } }));
  }

  /** @returns {Promise<boolean>} whether what was to be sent is still the same, and all of it could be read */
  async #allRead() {
    if (this.#waiting) return false;
    const [text, instead, { refused }] = [this.box.value, this.#instead, this.attachments];
    this.#waiting = true;
    while (this.attachments.unread) await this.attachments.read;
    this.#waiting = false;
    return this.box.value === text && this.#instead === instead && this.attachments.refused === refused;
  }

  #fit() {
    const empty = this.box.value.trim() === "" && this.attachments.list.length === 0;
    this.send.disabled = empty;
    this.send.hidden = empty && this.#busy;
    this.#stop.hidden = !this.#busy;
    if (CSS.supports("field-sizing", "content")) return;
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
  }
}

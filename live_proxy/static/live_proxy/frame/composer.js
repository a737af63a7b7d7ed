// @ts-check
/** The text box: Enter sends, Shift+Enter breaks the line, Escape steps back. Fires `say`, `stop` and `intent`. */

import { find } from "../foundation/dom.js";

/** @typedef {{text: string, media: import("../wire/setup_message.js").Media[], instead: import("../thread/message_view.js").MessageView|null}} Said
 *  `instead`: the earlier message in whose place it stands */

export class Composer extends EventTarget {
  /** @type {import("../thread/message_view.js").MessageView|null} the message that is edited */
  #instead = null;
  #busy = false;
  #byHand = true;
  #editing = find("#editing");
  #stop = find("#stop");

  /**
   * @param {HTMLFormElement} form
   * @param {HTMLTextAreaElement} box
   * @param {HTMLButtonElement} send
   * @param {import("../media/attachments.js").Attachments} attachments
   */
  constructor(form, box, send, attachments) {
    super();
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
    this.#stop.addEventListener("click", () => this.dispatchEvent(new CustomEvent("stop")));
    find("#cancel-editing").addEventListener("click", () => this.#leaveEditing(""));
    attachments.addEventListener("change", () => this.#fit());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // While an input method composes, Enter chooses a candidate.
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#say();
    } else if (event.key === "Escape") {
      if (this.#instead) this.#leaveEditing("");
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

  /** @param {import("../thread/message_view.js").MessageView} message @param {string} [text] what it is to become */
  edit(message, text = message.text) {
    this.#instead = message;
    this.#editing.hidden = false;
    this.fill(text);
  }

  /** @param {string} text */
  #leaveEditing(text) {
    this.#instead = null;
    this.#editing.hidden = true;
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

  #say() {
    const { text, media } = this.attachments.take(this.box.value.trim());
    if (!text && !media.length) return;
    const instead = this.#instead;
    this.#leaveEditing("");
    this.dispatchEvent(new CustomEvent("say", { detail: { text, media: media.length ? media : (instead?.media ?? []), instead } }));
  }

  #fit() {
    const empty = this.box.value.trim() === "" && this.attachments.list.length === 0;
    this.send.disabled = empty;
    this.send.hidden = empty && this.#busy;
    this.#stop.hidden = !this.send.hidden;
    if (CSS.supports("field-sizing", "content")) return;
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
  }
}

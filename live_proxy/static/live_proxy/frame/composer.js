// @ts-check
/** The text box: Enter sends, Shift+Enter breaks the line, Escape leaves. Fires `say` and `intent`. */

export class Composer extends EventTarget {
  /** @param {HTMLFormElement} form @param {HTMLTextAreaElement} box @param {HTMLButtonElement} send */
  constructor(form, box, send) {
    super();
    this.box = box;
    this.send = send;
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
    box.addEventListener("keydown", (event) => {
      // While an input method composes, Enter chooses a candidate.
      if (event.isComposing) return;
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.#say();
      } else if (event.key === "Escape") box.blur();
    });
  }

  #byHand = true;

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

  #intend() {
    this.dispatchEvent(new CustomEvent("intent"));
  }

  #say() {
    const text = this.box.value.trim();
    if (!text) return;
    this.box.value = "";
    this.#fit();
    this.focus();
    this.dispatchEvent(new CustomEvent("say", { detail: text }));
  }

  #fit() {
    this.send.disabled = this.box.value.trim() === "";
    if (CSS.supports("field-sizing", "content")) return;
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
  }
}

// @ts-check
/** Says what was done, and lets it be undone for a while. */

import { element, find, iconButton } from "../foundation/dom.js";
import { words } from "../language/words.js";

/** Milliseconds; longer while somebody is at it. */
const SHOWN = 15_000;

export class Undo {
  #box = find("#undo");
  #timer = 0;

  /** Whether something can be undone now. */
  get offered() {
    return !this.#box.hidden && this.#box.querySelector("button") !== null;
  }

  /** @param {string} sentence @param {() => void} undo */
  offer(sentence, undo) {
    const button = element("button", { type: "button", class: "button" }, words.undo);
    const away = iconButton(words.dismiss, "close");
    button.addEventListener("click", () => {
      this.hide();
      undo();
    });
    away.addEventListener("click", () => this.hide());
    this.#box.replaceChildren(element("p", {}, sentence), button, away);
    this.#box.hidden = false;
    button.focus();
    this.#wait();
  }

  /** @param {string} sentence */
  say(sentence) {
    this.#box.replaceChildren(element("p", {}, sentence));
    this.#box.hidden = false;
    this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#box.matches(":hover") || this.#box.contains(document.activeElement)) this.#wait();
      else this.hide();
    }, SHOWN);
  }

  hide() {
    clearTimeout(this.#timer);
    this.#box.hidden = true;
  }
}

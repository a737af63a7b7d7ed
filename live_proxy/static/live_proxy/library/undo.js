// @ts-check
/** Says what was done, and lets it be undone for a while. */

import { element, find, iconButton } from "../foundation/dom.js";
import { handOver } from "../foundation/focus.js";
import { words } from "../language/words.js";

/** Milliseconds; longer while somebody is at it. */
const SHOWN = 15_000;

export class Undo {
  #box = find("#undo");
  #timer = 0;
  /** Whether something can be undone now. */
  offered = false;

  /** @param {string} sentence @param {() => void} undo The offer stays until it is said what came of it. */
  offer(sentence, undo) {
    const button = element("button", { type: "button", class: "button" }, words.undo);
    const away = iconButton(words.dismiss, "close");
    button.addEventListener("click", () => {
      if (this.offered) undo();
      this.offered = false;
    });
    away.addEventListener("click", () => this.hide());
    this.#box.replaceChildren(element("p", {}, sentence), button, away);
    this.#box.hidden = false;
    this.offered = true;
    button.focus();
    this.#wait();
  }

  /** @param {string} sentence @param {HTMLElement|null} [heir] of the focus */
  say(sentence, heir) {
    this.offered = false;
    handOver(this.#box, heir ?? undefined);
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
    this.offered = false;
    handOver(this.#box);
    this.#box.hidden = true;
  }
}

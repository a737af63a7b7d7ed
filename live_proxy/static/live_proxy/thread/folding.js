// @ts-check
/** A long message of the person's own, such as one with a file in it, is shown folded. */

import { element } from "../foundation/dom.js";
import { words } from "../language/words.js";

const MOST_LINES = 16;
const MOST_CHARACTERS = 1500;

/** @param {HTMLElement} body @param {string} text */
export function foldLong(body, text) {
  if (text.length <= MOST_CHARACTERS && text.split("\n").length <= MOST_LINES) return;
  const button = element("button", { type: "button", class: "link", "aria-expanded": "false" }, words.showAll);
  body.classList.add("folded");
  button.addEventListener("click", () => {
    const folded = body.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!folded));
    button.textContent = folded ? words.showAll : words.showLess;
  });
  body.after(button);
}

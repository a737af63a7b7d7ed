// @ts-check
/** Copy buttons anywhere in the thread: `data-copy` says whether a code block or a whole answer is meant. */

import { announce } from "../foundation/announce.js";
import { toClipboard } from "../foundation/clipboard.js";
import { words } from "../language/words.js";

const SHOWN_FOR = 1600;

/** @param {HTMLElement} thread @param {(article: Element) => string} sourceOf */
export function enableCopying(thread, sourceOf) {
  thread.addEventListener("click", async ({ target }) => {
    const button = /** @type {Element} */ (target).closest("button[data-copy]");
    if (!(button instanceof HTMLButtonElement)) return;
    const article = /** @type {Element} */ (button.closest("article"));
    const code = button.closest(".code")?.querySelector("pre")?.textContent ?? "";
    const label = (button.dataset.label ??= button.title);
    let outcome = words.copied;
    try {
      await toClipboard(button.dataset.copy === "code" ? code : sourceOf(article));
    } catch {
      outcome = words.notCopied;
    }
    button.classList.toggle("done", outcome === words.copied);
    button.setAttribute("aria-label", outcome);
    button.title = outcome;
    announce(outcome);
    setTimeout(() => {
      button.classList.remove("done");
      button.setAttribute("aria-label", label);
      button.title = label;
    }, SHOWN_FOR);
  });
}

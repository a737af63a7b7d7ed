// @ts-check
/** The buttons under the messages: how it was served, answer again, edit. Fires `again` and `edit` with the message. */

import { element } from "../foundation/dom.js";
import { words } from "../language/words.js";
import { servedPanel } from "./served_view.js";

/** @typedef {import("./message_view.js").MessageView} MessageView */

export class Actions extends EventTarget {
  /** @param {import("./thread_view.js").ThreadView} thread @param {(row: string) => Promise<import("./served_view.js").ServedDetails>} served */
  constructor(thread, served) {
    super();
    this.thread = thread;
    this.served = served;
    thread.log.addEventListener("click", ({ target }) => {
      const button = /** @type {Element} */ (target).closest("button[data-act]");
      const view = button && thread.find(({ article }) => article === button.closest("article"));
      if (!(button instanceof HTMLButtonElement) || !view) return;
      if (button.dataset.act === "served") this.#toggle(view, button);
      else this.dispatchEvent(new CustomEvent(button.dataset.act ?? "", { detail: view }));
    });
  }

  /** @param {MessageView} view @param {HTMLButtonElement} button */
  async #toggle(view, button) {
    const open = view.article.querySelector(".how");
    button.setAttribute("aria-expanded", String(!open));
    if (open) return open.remove();
    const box = element("section", { class: "how", "aria-label": words.howServed }, words.loading);
    view.article.append(box);
    try {
      box.replaceChildren(servedPanel(await this.served(view.row ?? "")));
    } catch {
      box.replaceChildren(element("p", {}, words.notLoaded));
    }
  }
}

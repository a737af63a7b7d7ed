// @ts-check
/** What can be done with one conversation: a menu at its button. Fires `rename`, `pin` and `delete` with the row. */

import { element, icon } from "../foundation/dom.js";
import { gettext } from "../language/gettext.js";

/** @typedef {import("../wire/api.js").ConversationRow} ConversationRow */

export class ConversationMenu extends EventTarget {
  /** @type {HTMLElement|null} that opened it */
  #button = null;
  #closing = false; // by a press on that button, which the browser takes for one beside the menu

  /** @param {string} base the address of the conversations of the API */
  constructor(base) {
    super();
    this.base = base;
    this.menu = element("div", { class: "menu", role: "menu", popover: "auto", "aria-label": gettext("Conversation") });
    this.menu.addEventListener("keydown", (event) => this.#key(event));
    this.menu.addEventListener("beforetoggle", (event) => {
      this.#button?.setAttribute("aria-expanded", String(/** @type {ToggleEvent} */ (event).newState === "open"));
    });
    document.body.append(this.menu);
    const closing = (/** @type {PointerEvent} */ { target }) => {
      this.#closing = this.menu.matches(":popover-open") && Boolean(this.#button?.contains(/** @type {Node} */ (target)));
    };
    document.addEventListener("pointerdown", closing, true);
  }

  /** @param {ConversationRow} row @param {HTMLElement} button */
  open(row, button) {
    if (this.#closing) return void (this.#closing = false);
    const exported = (/** @type {string} */ format, /** @type {string} */ label) => {
      const item = link(`${this.base}${row.id}/export/?format=${format}`, label);
      item.addEventListener("click", () => this.menu.hidePopover());
      return item;
    };
    this.menu.replaceChildren(
      this.#act("rename", "edit", gettext("Rename"), row),
      this.#act("pin", "pin", row.pinned ? gettext("Unpin") : gettext("Pin"), row),
      exported("markdown", gettext("Export as Markdown")),
      exported("json", gettext("Export as JSON")),
      this.#act("delete", "bin", gettext("Delete"), row),
    );
    const place = button.getBoundingClientRect();
    this.#button?.setAttribute("aria-expanded", "false");
    this.#button = button;
    this.menu.showPopover();
    const { offsetWidth, offsetHeight } = this.menu;
    this.menu.style.left = `${Math.max(8, Math.min(place.left, innerWidth - offsetWidth - 8))}px`;
    this.menu.style.top = `${Math.max(8, Math.min(place.bottom + 4, innerHeight - offsetHeight - 8))}px`;
    this.#items[0].focus();
  }

  /** @returns {HTMLElement[]} */
  get #items() {
    return [...this.menu.querySelectorAll("[role=menuitem]")].map((item) => /** @type {HTMLElement} */ (item));
  }

  /** @param {string} name @param {string} drawing @param {string} label @param {ConversationRow} row */
  #act(name, drawing, label, row) {
    const item = element("button", { type: "button", role: "menuitem", tabindex: "-1", "data-name": name }, icon(drawing), label);
    item.addEventListener("click", () => {
      this.menu.hidePopover();
      this.dispatchEvent(new CustomEvent(name, { detail: row }));
    });
    return item;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = this.#items;
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") this.menu.hidePopover();
    if (event.key === "Escape") event.stopPropagation(); // it closes the menu, and not what lies below
    if (next === undefined) return;
    event.preventDefault();
    items.at(next % items.length)?.focus();
  }
}

/** @param {string} href @param {string} label */
const link = (href, label) => element("a", { href, role: "menuitem", tabindex: "-1", download: true }, icon("down"), label);

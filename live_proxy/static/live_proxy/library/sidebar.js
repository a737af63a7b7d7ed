// @ts-check
/** The list of conversations by date, and the drawer it lives in on small screens. */

import { element, find } from "../foundation/dom.js";
import { words } from "../language/words.js";

/** @typedef {import("../wire/api.js").ConversationRow} ConversationRow */

const DAY = 86_400_000;
const small = matchMedia("(max-width: 767px)");

/** @param {string} instant @param {Date} now */
export function dateGroup(instant, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const age = midnight - new Date(instant).getTime();
  if (age <= 0) return words.today;
  if (age <= DAY) return words.yesterday;
  if (age <= 7 * DAY) return words.week;
  return age <= 30 * DAY ? words.month : words.older;
}

export class Sidebar {
  /** @type {ConversationRow[]} */
  #rows = [];
  /** @type {string|null} */
  #next = null;
  #root = document.documentElement;
  #panel = find("#sidebar");
  #list = find("#conversations");
  #toggle = find("#sidebar-toggle");
  /** @type {HTMLButtonElement} */
  #more = find("#more-conversations");

  /** @param {import("../wire/api.js").Api} api @param {string} base @param {string|null} current */
  constructor(api, base, current) {
    this.api = api;
    this.base = base;
    this.current = current;
    this.#more.addEventListener("click", () => this.#loadMore());
    this.#toggle.addEventListener("click", () => this.#open(!this.#isOpen));
    find("#sidebar-close").addEventListener("click", () => this.#open(false));
    find("#scrim").addEventListener("click", () => this.#open(false));
    small.addEventListener("change", () => this.#settle());
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && small.matches && this.#isOpen) this.#open(false);
    });
    this.#settle();
  }

  /** @param {{conversations: ConversationRow[], next: string|null}} page */
  add(page) {
    const known = new Set(this.#rows.map(({ id }) => id));
    this.#rows.push(...page.conversations.filter(({ id }) => !known.has(id)));
    this.#next = page.next;
    this.#draw();
  }

  /** @param {string} id @param {string} title The conversation was used just now. */
  touch(id, title) {
    const now = new Date().toISOString();
    const row = this.#rows.find((one) => one.id === id) ?? { id, title, family: "", created_at: now, updated_at: now };
    this.#rows = [{ ...row, updated_at: now }, ...this.#rows.filter((one) => one.id !== id)];
    this.current = id;
    this.#draw();
  }

  /** @param {string} id */
  titleOf(id) {
    return this.#rows.find((row) => row.id === id)?.title ?? "";
  }

  async #loadMore() {
    this.#more.disabled = true;
    try {
      this.add(await this.api.conversations(this.#next));
    } catch {
      this.#more.textContent = words.listNotLoaded;
    }
    this.#more.disabled = false;
  }

  #draw() {
    const groups = Map.groupBy(this.#rows, ({ updated_at }) => dateGroup(updated_at));
    this.#list.replaceChildren(...[...groups].flatMap(([name, rows]) => [
      element("h3", {}, name),
      element("ul", {}, ...rows.map((row) => this.#item(row))),
    ]));
    this.#more.hidden = this.#next === null;
  }

  /** @param {ConversationRow} row */
  #item(row) {
    const title = row.title || words.untitled;
    const current = row.id === this.current ? "page" : null;
    return element("li", {}, element("a", { href: `${this.base}c/${row.id}/`, "aria-current": current, title, dir: "auto" }, title));
  }

  get #isOpen() {
    return this.#root.dataset.sidebar !== (small.matches ? undefined : "closed");
  }

  /** @param {boolean} open */
  #open(open) {
    if (small.matches) {
      if (open) this.#root.dataset.sidebar = "open";
      else delete this.#root.dataset.sidebar;
    } else {
      if (open) delete this.#root.dataset.sidebar;
      else this.#root.dataset.sidebar = "closed";
      try {
        localStorage.setItem("sidebar", open ? "open" : "closed");
      } catch {
        // Storage may be forbidden; the choice then lasts as long as the page.
      }
    }
    this.#settle();
    if (open) find("#sidebar-close").focus();
    else this.#toggle.focus();
  }

  #settle() {
    if (small.matches && this.#root.dataset.sidebar === "closed") delete this.#root.dataset.sidebar;
    if (!small.matches && this.#root.dataset.sidebar === "open") delete this.#root.dataset.sidebar;
    this.#panel.inert = !this.#isOpen;
    this.#toggle.setAttribute("aria-expanded", String(this.#isOpen));
  }
}

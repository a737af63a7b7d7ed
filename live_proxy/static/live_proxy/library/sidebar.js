// @ts-check
/** The list of conversations: pinned ones, then the others by date. Fires `menu` with a row and its button, and
 *  `renamed`. */

import { element, find, iconButton } from "../foundation/dom.js";
import { filled, gettext } from "../language/gettext.js";
import { words } from "../language/words.js";
import { Drawer } from "./drawer.js";

/** @typedef {import("../wire/api.js").ConversationRow} ConversationRow */

const DAY = 86_400_000;

/** @param {string} instant @param {Date} now */
export function dateGroup(instant, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const age = midnight - new Date(instant).getTime();
  if (age <= 0) return words.today;
  if (age <= DAY) return words.yesterday;
  if (age <= 7 * DAY) return words.week;
  return age <= 30 * DAY ? words.month : words.older;
}

/** @param {ConversationRow} row */
const groupOf = (row) => (row.pinned ? words.pinned : dateGroup(row.updated_at));

export class Sidebar extends EventTarget {
  drawer = new Drawer();
  /** @type {ConversationRow[]} pinned first, then last used first */
  #rows = [];
  /** @type {string|null} */
  #next = null;
  /** @type {ConversationRow|null} the conversation that the page was opened with, which may be far down the list */
  #opened = null;
  #look = ""; // of what is drawn
  #held = false;
  #list = find("#conversations");
  /** @type {HTMLButtonElement} */
  #more = find("#more-conversations");

  /** @param {import("../wire/api.js").Api} api @param {string} base @param {ConversationRow|null} opened */
  constructor(api, base, opened) {
    super();
    this.api = api;
    this.base = base;
    this.#opened = opened;
    this.current = opened?.id ?? null;
    this.#more.addEventListener("click", () => this.#loadMore());
  }

  /** @param {import("../wire/api.js").ConversationPage} page */
  add(page) {
    const known = new Set(this.#rows.map(({ id }) => id));
    this.#rows.push(...[...(page.pinned ?? []), ...page.conversations].filter(({ id }) => !known.has(id)));
    this.#next = page.next;
    this.#draw();
  }

  /** @param {string} id @param {string} title The conversation was used just now. */
  touch(id, title) {
    const now = new Date().toISOString();
    const row = this.rowOf(id) ?? { id, title, family: "", pinned: false, created_at: now, updated_at: now };
    this.current = id;
    this.put({ ...row, title: row.title || title, updated_at: now });
  }

  /** @param {ConversationRow} row It is new, or changed, or back again. */
  put(row) {
    const others = this.#rows.filter(({ id }) => id !== row.id);
    const at = others.findIndex((other) => other.pinned <= row.pinned && other.updated_at <= row.updated_at);
    others.splice(at === -1 ? others.length : at, 0, row);
    this.#rows = others.sort((one, other) => Number(other.pinned ?? false) - Number(one.pinned ?? false));
    if (this.#look !== this.#lookNow) this.#draw();
    this.dispatchEvent(new CustomEvent("renamed"));
  }

  /** @param {string} id */
  remove(id) {
    this.#rows = this.#rows.filter((row) => row.id !== id);
    this.#draw();
  }

  /** @param {string} id */
  rowOf(id) {
    return this.#rows.find((row) => row.id === id) ?? (this.#opened?.id === id ? this.#opened : null);
  }

  /** @param {string} id */
  titleOf(id) {
    return this.rowOf(id)?.title ?? "";
  }

  /** @param {string} id @returns {HTMLElement|null} */
  itemOf(id) {
    return this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  /** While somebody writes in it the list stays as it is. @returns a function that lets it go */
  hold() {
    this.#held = true;
    return () => {
      this.#held = false;
      if (this.#look !== this.#lookNow) this.#draw();
    };
  }

  /** What can be seen of the rows. */
  get #lookNow() {
    return JSON.stringify([this.current, ...this.#rows.map((row) => [row.id, row.title, row.pinned, groupOf(row)])]);
  }

  async #loadMore() {
    this.#more.disabled = true;
    try {
      this.add(await this.api.conversations(this.#next));
      this.#more.textContent = words.showMore;
    } catch {
      this.#more.textContent = words.listNotLoaded;
    }
    this.#more.disabled = false;
  }

  #draw() {
    this.#more.hidden = this.#next === null;
    if (this.#held) return;
    this.#look = this.#lookNow;
    const groups = Map.groupBy(this.#rows, groupOf);
    this.#list.replaceChildren(...[...groups].flatMap(([name, rows]) => [
      element("h3", {}, name),
      element("ul", {}, ...rows.map((row) => this.#item(row))),
    ]));
  }

  /** @param {ConversationRow} row */
  #item(row) {
    const title = row.title || words.untitled;
    const current = row.id === this.current ? "page" : null;
    const link = element("a", { href: `${this.base}c/${row.id}/`, "aria-current": current, title, dir: "auto" }, title);
    const menu = iconButton(filled(gettext("More for %(title)s"), { title }), "dots", { "aria-haspopup": "menu", "aria-expanded": "false" });
    menu.addEventListener("click", () => this.dispatchEvent(new CustomEvent("menu", { detail: { row, button: menu } })));
    return element("li", { "data-id": row.id }, link, menu);
  }
}

// @ts-check
/** Searching titles and messages: the list makes place for what was found. Ctrl or Cmd and K leads here. */

import { element, find } from "../foundation/dom.js";
import { filled, gettext, ngettext } from "../language/gettext.js";
import { words } from "../language/words.js";

const PAUSE = 300;

export class Search {
  #box = /** @type {HTMLInputElement} */ (find("#search"));
  #results = find("#search-results");
  #list = find("#conversation-list");
  #said = find("#search-status");
  #timer = 0;
  #asking = new AbortController();

  /**
   * @param {import("../wire/api.js").Api} api
   * @param {string} base
   * @param {import("./drawer.js").Drawer} drawer
   * @param {(fragment: string) => void} show a place in the conversation that is open
   */
  constructor(api, base, drawer, show) {
    this.api = api;
    this.base = base;
    this.drawer = drawer;
    this.show = show;
    this.#box.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), PAUSE);
    });
    this.#box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#box.value) return;
      event.preventDefault();
      this.#box.value = "";
      this.#search();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (!drawer.isOpen) drawer.open(true);
      this.#box.focus();
      this.#box.select();
    });
  }

  async #search() {
    this.#asking.abort();
    this.#asking = new AbortController();
    const asked = this.#box.value.trim();
    this.#results.hidden = asked === "";
    this.#list.hidden = asked !== "";
    if (!asked) return (this.#said.textContent = "");
    if (!/[\p{L}\p{N}]/u.test(asked)) {
      this.#results.replaceChildren();
      return (this.#said.textContent = words.searchWords);
    }
    this.#said.textContent = words.searching;
    try {
      const { results } = await this.api.search(asked, this.#asking.signal);
      this.#results.replaceChildren(...results.map((found) => this.#item(found)));
      this.#said.textContent = results.length
        ? filled(ngettext("%(count)s conversation found", "%(count)s conversations found", results.length), { count: results.length })
        : filled(gettext("Nothing found for “%(what)s”."), { what: asked });
    } catch (error) {
      if (/** @type {Error} */ (error).name === "AbortError") return;
      this.#results.replaceChildren();
      this.#said.textContent = words.searchFailed;
    }
  }

  /** @param {import("../wire/api.js").Found} found */
  #item({ conversation, message, snippet }) {
    const place = message ? `#m-${message}` : "";
    const pieces = snippet.map(({ text, match }) => (match ? element("mark", {}, text) : text));
    const link = element("a", { href: `${this.base}c/${conversation.id}/${place}`, dir: "auto" });
    link.append(element("strong", {}, conversation.title || words.untitled), element("span", {}, ...pieces));
    link.addEventListener("click", (event) => this.#here(event, link));
    return element("li", {}, link);
  }

  /** What was found in the conversation that is open is no other page: nothing would be loaded, and nothing shown.
   *  @param {MouseEvent} event @param {HTMLAnchorElement} link */
  #here(event, { pathname, hash }) {
    if (pathname !== location.pathname || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!hash) event.preventDefault();
    this.drawer.uncover();
    this.show(hash);
  }
}

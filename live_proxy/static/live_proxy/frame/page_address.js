// @ts-check
/** The page's address and title follow its conversation. */

import { find } from "../foundation/dom.js";
import { words } from "../language/words.js";

export class PageAddress {
  firstWords = "";
  #shown = location.pathname;

  /** @param {string} chat the address of the chat page @param {import("../library/sidebar.js").Sidebar} sidebar */
  constructor(chat, sidebar) {
    this.chat = chat;
    this.sidebar = sidebar;
    // The skip link changes the fragment only, which is no other page.
    addEventListener("popstate", () => location.pathname === this.#shown || location.reload());
    sidebar.addEventListener("renamed", () => this.#title());
  }

  /** @param {string} conversation It has a place in the record now, so it gets its address and stands on top. */
  show(conversation) {
    const address = `${this.chat}c/${conversation}/`;
    if (location.pathname !== address) history.pushState(null, "", address);
    this.#shown = address;
    this.sidebar.touch(conversation, this.firstWords);
    this.#title();
  }

  #title() {
    const { current } = this.sidebar;
    if (!current) return;
    const title = this.sidebar.titleOf(current) || words.untitled;
    find("#title").textContent = title;
    document.title = `${title} · Live Proxy`;
  }
}

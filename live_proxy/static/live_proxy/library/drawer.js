// @ts-check
/** Opens and closes the sidebar: beside the thread on large screens, over it on small ones. */

import { find } from "../foundation/dom.js";

const small = matchMedia("(max-width: 767px)");

export class Drawer {
  #root = document.documentElement;
  #panel = find("#sidebar");
  #toggle = find("#sidebar-toggle");
  #stage = find("#stage");

  constructor() {
    this.#toggle.addEventListener("click", () => this.open(!this.isOpen));
    find("#sidebar-close").addEventListener("click", () => this.open(false));
    find("#scrim").addEventListener("click", () => this.open(false));
    small.addEventListener("change", () => this.#settle());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || !small.matches || !this.isOpen) return;
      if (!document.querySelector("dialog[open]")) this.open(false); // Escape closes what lies on top, and that alone
    });
    this.#settle();
  }

  get isOpen() {
    return this.#root.dataset.sidebar !== (small.matches ? undefined : "closed");
  }

  /** @param {boolean} open */
  open(open) {
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

  /** What is under it is wanted. */
  uncover() {
    if (small.matches && this.isOpen) this.open(false);
  }

  #settle() {
    if (small.matches && this.#root.dataset.sidebar === "closed") delete this.#root.dataset.sidebar;
    if (!small.matches && this.#root.dataset.sidebar === "open") delete this.#root.dataset.sidebar;
    this.#panel.inert = !this.isOpen;
    this.#stage.inert = small.matches && this.isOpen; // it lies under the list
    this.#toggle.setAttribute("aria-expanded", String(this.isOpen));
  }
}

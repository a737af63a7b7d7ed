// @ts-check
/** The list of messages: their order, and where the person is in it. */

const NEAR = 64;

export class ThreadView {
  /** @type {import("./message_view.js").MessageView[]} */
  messages = [];
  #pinned = true;
  #lastTop = 0;

  /** @param {HTMLElement} log @param {HTMLElement} scroller @param {HTMLElement} empty @param {HTMLElement} jump */
  constructor(log, scroller, empty, jump) {
    this.log = log;
    this.scroller = scroller;
    this.empty = empty;
    this.jump = jump;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    jump.addEventListener("click", () => this.toLatest());
    new ResizeObserver(() => this.#follow()).observe(log);
    new ResizeObserver(() => this.#follow()).observe(scroller);
  }

  /** @param {import("./message_view.js").MessageView} view */
  add(view) {
    this.messages.push(view);
    this.log.append(view.article);
    this.#changed();
  }

  /** @param {import("./message_view.js").MessageView} view @param {import("./message_view.js").MessageView} other */
  addBefore(view, other) {
    this.messages.splice(this.messages.indexOf(other), 0, view);
    other.article.before(view.article);
    this.#changed();
  }

  /** @param {import("./message_view.js").MessageView} view It and all after it. */
  cutFrom(view) {
    const from = this.messages.indexOf(view);
    if (from === -1) return;
    for (const gone of this.messages.splice(from)) gone.article.remove();
    this.#changed();
  }

  /** @param {import("./message_view.js").MessageView} view Rows of the record stand by position, the unsaved last. */
  place(view) {
    const at = this.messages.findLastIndex(({ position }) => position !== null && position < Number(view.position)) + 1;
    this.messages.splice(at, 0, view);
    this.log.insertBefore(view.article, this.messages[at + 1]?.article ?? null);
    this.#changed();
  }

  /** @param {import("./message_view.js").MessageView} view */
  remove(view) {
    this.messages = this.messages.filter((other) => other !== view);
    view.article.remove();
    this.#changed();
  }

  /** @param {(view: import("./message_view.js").MessageView) => boolean} wanted */
  find(wanted) {
    return this.messages.findLast(wanted) ?? null;
  }

  get lastAnswer() {
    return this.find(({ role }) => role === "model");
  }

  /** @param {import("./message_view.js").MessageView} view @param {string} role */
  before(view, role) {
    return this.messages.slice(0, this.messages.indexOf(view)).findLast((other) => other.role === role) ?? null;
  }

  /** @param {boolean} busy A growing answer is read out once, when it is complete. */
  setBusy(busy) {
    this.log.setAttribute("aria-busy", String(busy));
  }

  /** @param {string} fragment of the page's address: a message that somebody looked for */
  showPlace(fragment) {
    const found = fragment.startsWith("#m-") && document.getElementById(fragment.slice(1));
    if (!found) return;
    this.#pinned = false;
    this.log.querySelector(".found")?.classList.remove("found");
    found.scrollIntoView({ block: "center" });
    found.classList.add("found");
  }

  toLatest() {
    this.#pinned = true;
    this.#follow();
    this.jump.hidden = true;
  }

  /** Scrolling is left to the observers: measuring after each of many rows would lay out the page each time. */
  #changed() {
    this.empty.hidden = this.messages.length > 0;
  }

  #follow() {
    if (!this.messages.length) return;
    if (this.#pinned) this.scroller.scrollTop = this.scroller.scrollHeight;
    else this.#showJump();
  }

  get #below() {
    return this.scroller.scrollHeight - this.scroller.clientHeight - this.scroller.scrollTop;
  }

  #scrolled() {
    const { scrollTop } = this.scroller;
    // Only a move upwards is the person's: growth below also puts the end out of sight.
    if (this.#below <= NEAR) this.#pinned = true;
    else if (scrollTop < this.#lastTop) this.#pinned = false;
    this.#lastTop = scrollTop;
    this.#showJump();
  }

  #showJump() {
    this.jump.hidden = this.#pinned || this.#below <= NEAR;
  }
}

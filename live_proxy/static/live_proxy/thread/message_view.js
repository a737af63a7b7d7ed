// @ts-check
/** One message as an article; the same code shows rows of the record and what streams in. */

import { element, iconButton } from "../foundation/dom.js";
import { failurePanel } from "./failure_view.js";
import { MarkdownView } from "./markdown.js";
import { duration } from "../language/served_words.js";
import { statusWords, words } from "../language/words.js";

/** @typedef {"user"|"model"|"tool"} Role */

const NAMES = { user: words.you, model: words.model, tool: words.tool };

export class MessageView {
  /** @type {string|null} the row in the record */
  row = null;
  /** @type {string|null} the id the page gave it */
  clientId = null;
  /** @type {number|null} */
  position = null;
  text = "";
  status = "pending";
  transport = "";
  model = "";
  /** @type {number|null} */
  firstOutputMs = null;
  #thoughts = "";
  #note = "";
  #frame = 0;

  /** @param {Role} role */
  constructor(role) {
    this.role = role;
    this.body = element("div", { class: "text", dir: "auto" });
    this.meta = element("footer", { class: "meta" });
    this.article = element("article", { "data-role": role, "data-status": "pending", "aria-label": NAMES[role] });
    this.article.append(this.body, this.meta);
    this.markdown = role === "user" ? null : new MarkdownView(this.body);
    this.refresh();
  }

  /** @param {string} text */
  setText(text) {
    this.text = text;
    this.#draw();
  }

  /** @param {string} chunk The first words are drawn at once, the rest once per animation frame. */
  append(chunk) {
    const first = this.text === "";
    this.text += chunk;
    if (first) this.#draw();
    else this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** @param {string} chunk */
  appendThought(chunk) {
    this.#thoughts += chunk;
    let folded = this.article.querySelector(".thoughts");
    if (!folded) {
      folded = element("details", { class: "thoughts" }, element("summary", {}, words.thoughts), element("p", { dir: "auto" }));
      this.body.before(folded);
    }
    /** @type {HTMLElement} */ (folded.lastElementChild).textContent = this.#thoughts;
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.markdown) this.markdown.show(this.text);
    else this.body.textContent = this.text;
    this.article.classList.toggle("has-text", this.text !== "");
  }

  /** @param {string} status Nothing of the text may be left undrawn when it ends. */
  setStatus(status) {
    this.status = status;
    if (this.#frame) this.#draw();
    this.refresh();
  }

  /** @param {string} note A remark under the message, such as that it waits or could not be saved. */
  setNote(note) {
    this.#note = note;
    this.refresh();
  }

  /** @param {import("../wire/protocol.js").Failure} failure @param {(() => void)|null} retry */
  fail(failure, retry) {
    this.article.querySelector(".failure")?.remove();
    this.meta.before(failurePanel(failure, retry));
    this.setStatus("failed");
  }

  get hasFailure() {
    return this.article.querySelector(".failure") !== null;
  }

  refresh() {
    const { article } = this;
    article.dataset.status = this.status;
    article.dataset.transport = this.transport;
    article.dataset.model = this.model;
    this.meta.replaceChildren(...this.#remarks());
  }

  #remarks() {
    /** @type {HTMLElement[]} */
    const remarks = [];
    const ended = this.status !== "pending";
    if (this.role === "model" && ended && this.text) {
      remarks.push(iconButton(words.copyAnswer, "copy", { "data-copy": "answer" }));
    }
    if (this.role === "model" && this.transport && (ended || this.text)) {
      const served = [this.transport, this.model, this.firstOutputMs === null ? "" : duration(this.firstOutputMs)];
      remarks.push(element("span", { class: "served" }, served.filter(Boolean).join(" · ")));
    }
    const status = this.hasFailure ? "" : statusWords[this.status];
    if (this.role === "model" && ended && status) remarks.push(element("span", { class: "remark" }, status));
    if (this.#note) remarks.push(element("span", { class: "remark" }, this.#note));
    return remarks;
  }
}

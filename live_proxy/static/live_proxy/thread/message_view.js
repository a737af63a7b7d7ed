// @ts-check
/** One message as an article; the same code shows rows of the record and what streams in. */

import { element } from "../foundation/dom.js";
import { words } from "../language/words.js";
import { failurePanel } from "./failure_view.js";
import { foldLong } from "./folding.js";
import { MarkdownView } from "./markdown.js";
import { footer } from "./message_footer.js";
import { apart } from "../media/text_files.js";
import { folded, partView } from "./parts_view.js";

/** @typedef {"user"|"model"|"tool"} Role */

const NAMES = { user: words.you, model: words.model, tool: words.tool };

export class MessageView {
  row = /** @type {string|null} */ (null); // in the record
  clientId = /** @type {string|null} */ (null); // that the page gave it
  position = /** @type {number|null} */ (null);
  text = "";
  status = "pending";
  transport = "";
  model = "";
  /** @type {number|null} */
  firstOutputMs = null;
  /** @type {import("../wire/setup_message.js").Media[]} what was attached on this page: the record keeps no bytes */
  media = [];
  /** Whether it had pictures or files of which only the record's note is left. */
  unkept = false;
  #thoughts = "";
  #note = "";
  #frame = 0;

  /** @param {Role} role @param {string} [modality] */
  constructor(role, modality = "text") {
    this.role = role;
    this.modality = modality;
    this.body = element("div", { class: "text", dir: "auto" });
    this.parts = element("div", { class: "parts" });
    this.files = element("div", { class: "parts" });
    this.meta = element("footer", { class: "meta" });
    this.article = element("article", { "data-role": role, "data-status": "pending", "aria-label": NAMES[role] });
    this.article.append(this.body, this.files, this.parts, this.meta);
    this.markdown = role === "user" ? null : new MarkdownView(this.body);
    this.refresh();
  }

  /** @param {string} text */
  setText(text) {
    this.text = text;
    this.#draw();
    if (this.role === "user") foldLong(this.body, this.body.textContent ?? "");
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

  /** @param {unknown} part @param {HTMLElement|null} [shown] how it looks, where the page knows better than the record */
  addPart(part, shown = partView(part)) {
    if (shown) this.parts.append(shown);
  }

  /** @param {any[]} parts of a row of the record, in place of those that are shown */
  setParts(parts) {
    this.#thoughts = "";
    this.article.querySelector(".thoughts")?.remove();
    this.parts.replaceChildren();
    for (const part of parts) {
      if (part?.thought && typeof part.text === "string") this.appendThought(part.text);
      else this.addPart(part);
      this.unkept ||= Boolean(part?.inlineData ?? part?.fileData);
    }
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (this.markdown) this.markdown.show(this.text);
    else this.#drawSaid();
    this.article.classList.toggle("has-text", this.text !== "");
  }

  /** What a person said, and the files beside it. */
  #drawSaid() {
    const { said, files } = apart(this.text);
    this.body.textContent = said;
    this.files.replaceChildren(...files.map(({ name, text }) => folded(name, text, "attach")));
  }

  /** @param {string} status Nothing of the text may be left undrawn when it ends. */
  setStatus(status) {
    this.status = status;
    if (status !== "failed") this.article.querySelector(".failure")?.remove(); // it came after all
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
    if (this.row) article.id = `m-${this.row}`;
    article.dataset.status = this.status;
    article.dataset.transport = this.transport;
    article.dataset.model = this.model;
    article.dataset.modality = this.modality;
    this.meta.replaceChildren(...footer(this, this.#note));
  }

  /** Whether it never reached the server. */
  get unsent() {
    return this.status === "unsent";
  }
}

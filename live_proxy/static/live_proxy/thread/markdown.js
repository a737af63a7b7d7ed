// @ts-check
/**
 * A model's text as elements. The text is untrusted: raw HTML in it stays text, images become links (a picture
 * from elsewhere would tell that host what was said), and DOMPurify lets only the tags below through.
 */

import { Marked } from "../vendor/marked.js";
import DOMPurify from "../vendor/purify.js";
import { element, iconButton } from "../foundation/dom.js";
import { url } from "./bare_links.js";
import { highlight } from "./highlight.js";
import { words } from "../language/words.js";

const TAGS = "a blockquote br code del em h3 h4 h5 h6 hr input li ol p pre strong table tbody td th thead tr ul".split(" ");
const ATTRIBUTES = "align checked class disabled href start title type".split(" ");
const ADDRESSES = /^(?:https?:\/\/|mailto:)/i;
const HIGHEST_HEADING = 2;

/** @param {string} text */
const escaped = (text) =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: { url },
  renderer: {
    /** @param {{text: string}} token */
    html: ({ text }) => (/^<br\s*\/?>$/i.test(text.trim()) ? "<br>" : escaped(text)),
    /** @param {{href: string, text: string}} token */
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    /** @this {any} @param {any} token */
    heading(token) {
      const { tokens, depth } = token;
      const level = Math.min(6, depth + HIGHEST_HEADING);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
  },
});

/** @type {any} The library carries no types. */
const purify = DOMPurify(window);
purify.addHook("afterSanitizeAttributes", (/** @type {Element} */ node) => {
  if (node.nodeName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer nofollow");
});

/** @param {string} html @returns {DocumentFragment} */
const cleaned = (html) =>
  purify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOWED_URI_REGEXP: ADDRESSES,
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });

/** @param {string} html @returns {DocumentFragment} code with its colours, and nothing else */
const coloured = (html) =>
  purify.sanitize(html, { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], ALLOW_DATA_ATTR: false, RETURN_DOM_FRAGMENT: true });

/** @param {DocumentFragment} fragment */
function furnish(fragment) {
  for (const code of fragment.querySelectorAll("pre > code")) {
    const language = /(?:^|\s)language-(\S+)/.exec(code.className)?.[1] ?? "";
    const bar = element("div", { class: "code-bar" }, element("span", {}, language));
    bar.append(iconButton(words.copyCode, "copy", { "data-copy": "code" }));
    const pre = /** @type {HTMLElement} */ (code.parentElement);
    pre.tabIndex = 0;
    const shown = /** @type {HTMLElement} */ (pre.cloneNode(true));
    highlight(/** @type {HTMLElement} */ (shown.firstElementChild), language, coloured);
    pre.replaceWith(element("div", { class: "code" }, bar, shown));
  }
  for (const table of fragment.querySelectorAll("table")) {
    const frame = element("div", { class: "table", tabindex: "0" });
    table.replaceWith(frame);
    frame.append(table);
  }
  for (const box of fragment.querySelectorAll("input")) {
    box.disabled = true;
    box.setAttribute("aria-label", box.checked ? words.done : words.notDone);
  }
}

/** One answer. While it grows only the blocks that changed are made again, so selections and scroll stay. */
export class MarkdownView {
  /** @type {string[]} */
  #sources = [];

  /** @param {HTMLElement} container */
  constructor(container) {
    this.container = container;
  }

  /** @param {string} text */
  show(text) {
    const blocks = this.#split(text);
    const kept = blocks.findIndex((block, index) => this.#sources[index] !== block.raw);
    const from = kept === -1 ? blocks.length : kept;
    while (this.container.children.length > from) this.container.lastElementChild?.remove();
    for (const block of blocks.slice(from)) this.container.append(this.#made(block));
    this.#sources = blocks.map((block) => block.raw);
  }

  /** @param {string} text @returns {any[]} */
  #split(text) {
    try {
      return marked.lexer(text).filter((token) => token.type !== "space" && token.type !== "def");
    } catch {
      return [{ type: "unreadable", raw: text }];
    }
  }

  /** @param {any} token */
  #made(token) {
    const block = element("div", { class: "block" });
    try {
      const fragment = cleaned(marked.parser([token]));
      furnish(fragment);
      block.append(fragment);
    } catch {
      block.textContent = token.raw;
    }
    return block;
  }
}

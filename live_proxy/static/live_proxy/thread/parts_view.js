// @ts-check
/** What a message holds beside its words: pictures, sources, tool calls and their results, code that was run. */

import { element, icon } from "../foundation/dom.js";
import { list, object, text } from "../foundation/shape.js";
import { filled, gettext } from "../language/gettext.js";
import { words } from "../language/words.js";

const LONGEST = 20_000;

/** @param {string} address @returns {string} the address, or nothing for one that leads to no web page */
const webAddress = (address) => (/^https?:\/\//i.test(address) ? address : "");

/** @param {unknown} value */
const readable = (value) => JSON.stringify(value, null, 2)?.slice(0, LONGEST) ?? "";

/** @param {string} summary @param {string} content @param {string} drawing */
export function folded(summary, content, drawing) {
  const title = element("summary", {}, icon(drawing), element("span", { dir: "auto" }, summary));
  return element("details", { class: "part" }, title, element("pre", { tabindex: "0" }, element("code", {}, content)));
}

/** @param {Record<string, any>} part */
function attachment({ inlineData, fileData }) {
  const media = object(inlineData ?? fileData);
  const size = typeof media.bytes === "number" ? ` · ${Math.max(1, Math.round(media.bytes / 1024))} KiB` : "";
  const what = `${text(media.mimeType) || words.file}${size}`;
  return element("span", { class: "attached" }, icon("picture"), filled(words.notKept, { what }));
}

/** @param {any} metadata */
function sources(metadata) {
  const found = list(object(metadata).groundingChunks)
    .map((chunk) => object(object(chunk).web))
    .filter((web) => webAddress(text(web.uri)));
  const searched = list(object(metadata).webSearchQueries).map(text).filter(Boolean);
  if (!found.length && !searched.length) return null;
  const links = found.map((web) =>
    element(
      "li",
      {},
      element("a", { href: web.uri, target: "_blank", rel: "noopener noreferrer nofollow", dir: "auto" }, text(web.title) || web.uri),
    ),
  );
  const box = element("div", { class: "sources" }, element("p", {}, icon("globe"), words.sources));
  if (links.length) box.append(element("ol", {}, ...links));
  if (searched.length) box.append(element("p", { dir: "auto" }, filled(gettext("Searched: %(what)s"), { what: searched.join(" · ") })));
  return box;
}

/** @param {unknown} given @returns {HTMLElement|null} nothing for what is shown elsewhere, such as thoughts */
export function partView(given) {
  const part = object(given);
  if (part.thought) return null;
  if (part.functionCall) {
    const { name, args } = object(part.functionCall);
    return folded(filled(gettext("Calls %(name)s"), { name: text(name) }), readable(args ?? {}), "tool");
  }
  if (part.functionResponse) {
    const { name, response } = object(part.functionResponse);
    return folded(filled(gettext("Result of %(name)s"), { name: text(name) }), readable(response ?? {}), "tool");
  }
  if (part.executableCode) return folded(words.codeRun, text(object(part.executableCode).code), "tool");
  if (part.codeExecutionResult) return folded(words.codeResult, text(object(part.codeExecutionResult).output), "tool");
  if (part.groundingMetadata) return sources(part.groundingMetadata);
  if (part.inlineData || part.fileData) return attachment(part);
  return null;
}

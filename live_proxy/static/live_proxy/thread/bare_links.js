// @ts-check
/** Where an address ends that stands in a text without any mark: before a quotation mark or a full stop of whatever
 *  script, which the parser knows of ASCII alone. Pure. */

import { Tokenizer } from "../vendor/marked.js";

const ADDRESS = /^(?:(?:ftp|https?):\/\/|www\.)[^\s<]*/i;
const OUTSIDE = "“”„‟‘’‚‛«»‹›「」『』《》〈〉。、，！？；：…";

/** @param {string} address @returns {number} */
function endOf(address) {
  let open = 0;
  for (let at = 0; at < address.length; at += 1) {
    if (OUTSIDE.includes(address[at])) return at;
    if (address[at] === "（") open += 1;
    if (address[at] === "）" && (open -= 1) < 0) return at;
  }
  return address.length;
}

/** In place of the parser's own. @this {any} @param {string} text from here to its end
 *  @returns {any} a token, or false where the parser's own does */
export function url(text) {
  const [address] = ADDRESS.exec(text) ?? [""];
  const end = endOf(address);
  return end === address.length ? false : /** @type {any} */ (Tokenizer).prototype.url.call(this, address.slice(0, end));
}

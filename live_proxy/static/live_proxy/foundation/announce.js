// @ts-check
/** Says something to who listens to the page and does not see what changed. */

import { find } from "./dom.js";

/** @param {string} sentence */
export function announce(sentence) {
  const said = find("#announcement");
  said.textContent = "";
  // A region that is set to what it says already says nothing.
  requestAnimationFrame(() => (said.textContent = sentence));
}

// @ts-check
/** Focus that the page gives, as it must where what had the focus goes away: a keyboard would begin again at the top. */

import { find } from "./dom.js";

const precise = matchMedia("(pointer: fine)");
let giving = false;

/** Whether the page gives the focus just now, and not the person. */
export const isGiven = () => giving;

/** @param {HTMLElement} place */
export function giveFocus(place) {
  giving = true;
  place.focus({ preventScroll: true });
  giving = false;
}

/** To be called before something goes. Where a finger is at it, nothing is given: the message box would bring its
 *  keyboard up. @param {HTMLElement} going @param {HTMLElement} [heir] */
export function handOver(going, heir = find("#message")) {
  const left = document.activeElement;
  if (left && going.contains(left) && (precise.matches || left.matches(":focus-visible"))) giveFocus(heir);
}

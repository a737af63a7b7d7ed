// @ts-check
/** Makes a text box as high as what is written in it, where the browser does not do so by itself. */

/** @param {HTMLTextAreaElement} box @param {HTMLElement} frame around it */
export function fitHeight(box, frame) {
  if (CSS.supports("field-sizing", "content")) return;
  // To be measured the box collapses for a moment. If its frame did as well, the thread above it would grow, and lose its
  // place.
  frame.style.minHeight = `${frame.offsetHeight}px`;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
  frame.style.minHeight = "";
}

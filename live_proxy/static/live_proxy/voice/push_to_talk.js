// @ts-check
/** Talking while a key or a button is held: the space bar, wherever it types and presses nothing. */

const TAKES_SPACE = "input, textarea, select, button, summary, a[href], [contenteditable], [role=button]";

/** @param {import("./call.js").Call} call @param {HTMLElement} button */
export function enablePushToTalk(call, button) {
  let byKey = false;
  document.addEventListener("keydown", (event) => {
    if (event.code !== "Space" || event.repeat || !call.begun || !call.choice().pushToTalk) return;
    if (/** @type {Element} */ (event.target).closest(TAKES_SPACE) && event.target !== button) return;
    event.preventDefault();
    byKey = true;
    call.press(true);
  });
  // Over the page a held space bar scrolls.
  document.addEventListener("keypress", (event) => byKey && event.code === "Space" && event.preventDefault());
  document.addEventListener("keyup", (event) => {
    if (!byKey || event.code !== "Space") return;
    event.preventDefault();
    byKey = false;
    call.press(false);
  });
  const letGo = () => {
    byKey = false;
    call.press(false);
  };
  addEventListener("blur", letGo);
  document.addEventListener("visibilitychange", () => document.hidden && letGo());
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    call.press(true);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(name, letGo);
  // Who cannot hold it (by Enter, or with a screen reader) presses to begin and again to end.
  button.addEventListener("click", ({ detail }) => detail === 0 && call.press(!call.talking.pressed));
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

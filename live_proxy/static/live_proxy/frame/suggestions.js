// @ts-check
/** What might be asked first: a press puts it into the box. */

/** @param {HTMLElement} list of buttons @param {import("./composer.js").Composer} composer */
export function enableSuggestions(list, composer) {
  list.addEventListener("click", ({ target }) => {
    const chip = /** @type {Element} */ (target).closest("button");
    if (chip) composer.fill(chip.textContent?.trim() ?? "");
  });
}

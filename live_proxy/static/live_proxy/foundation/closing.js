// @ts-check
/** Menus made of `details` close when the person turns elsewhere, or presses Escape. */

/** @param {string} selector */
export function closeWhenLeft(selector) {
  const close = (/** @type {Node|null} */ inside) => {
    for (const menu of document.querySelectorAll(selector)) {
      if (menu instanceof HTMLDetailsElement && menu.open && !menu.contains(inside)) menu.open = false;
    }
  };
  document.addEventListener("pointerdown", ({ target }) => close(/** @type {Node} */ (target)));
  document.addEventListener("focusin", ({ target }) => close(/** @type {Node} */ (target)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = [...document.querySelectorAll(selector)].find((menu) => menu instanceof HTMLDetailsElement && menu.open);
    if (!open) return;
    event.preventDefault();
    close(null);
    open.querySelector("summary")?.focus();
  });
}

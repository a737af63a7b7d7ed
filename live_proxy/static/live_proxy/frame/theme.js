// @ts-check
/** Light, dark, or what the system says: chosen below the list or in the settings. `boot.js` applies the choice before
 *  the first paint. */

const root = document.documentElement;

/** @param {HTMLElement} group radio buttons named `theme` @param {HTMLSelectElement} select the same choice once more */
export function enableThemeChoice(group, select) {
  const radios = [...group.querySelectorAll("input")];
  const show = (/** @type {string} */ chosen) => {
    for (const radio of radios) radio.checked = radio.value === chosen;
    select.value = chosen;
  };
  const choose = (/** @type {string} */ chosen) => {
    if (chosen === "system") delete root.dataset.theme;
    else root.dataset.theme = chosen;
    try {
      localStorage.setItem("theme", chosen);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
    show(chosen);
  };
  for (const radio of radios) radio.addEventListener("change", () => choose(radio.value));
  select.addEventListener("change", () => choose(select.value));
  show(root.dataset.theme ?? "system");
}

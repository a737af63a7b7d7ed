// @ts-check
/** Light, dark, or what the system says. `boot.js` applies the choice before the first paint. */

/** @param {HTMLElement} group radio buttons named `theme` */
export function enableThemeChoice(group) {
  const root = document.documentElement;
  const chosen = root.dataset.theme ?? "system";
  for (const radio of group.querySelectorAll("input")) {
    radio.checked = radio.value === chosen;
    radio.addEventListener("change", () => {
      if (radio.value === "system") delete root.dataset.theme;
      else root.dataset.theme = radio.value;
      try {
        localStorage.setItem("theme", radio.value);
      } catch {
        // Storage may be forbidden; the choice then lasts as long as the page.
      }
    });
  }
}

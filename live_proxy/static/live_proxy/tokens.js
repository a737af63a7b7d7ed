// @ts-check
/** The page of API tokens: copying the one that is shown once. */

import { toClipboard } from "./foundation/clipboard.js";

for (const button of document.querySelectorAll("button[data-copy-from]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  const field = document.getElementById(button.dataset.copyFrom ?? "");
  if (!(field instanceof HTMLInputElement)) continue;
  button.hidden = false; // without scripts it would do nothing
  button.addEventListener("click", async () => {
    let outcome = button.dataset.done ?? "";
    try {
      await toClipboard(field.value);
    } catch {
      field.select();
      outcome = button.dataset.failed ?? "";
    }
    button.textContent = outcome;
  });
}

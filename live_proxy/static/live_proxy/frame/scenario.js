// @ts-check
/** Demo only: staff choose how the built-in simulator behaves, to see a fallback happen. */

import { element, find } from "../foundation/dom.js";
import { send } from "../wire/api.js";

const WELL = "normal";

/** @param {string} address @param {() => void} changed called where the next connection will fare worse */
export async function offerScenarios(address, changed) {
  const picker = /** @type {HTMLSelectElement} */ (find("#scenario"));
  const note = find("#scenario-note");
  const failed = () => void (note.textContent = picker.dataset.failed ?? "");
  const offered = await send(address, "GET").catch(failed);
  if (!offered) return;
  const { groups, chosen } = offered;
  for (const { label, scenarios } of groups) {
    const group = element("optgroup", { label });
    for (const { name, what } of scenarios) group.append(element("option", { value: name, title: what }, name.replaceAll("_", " ")));
    picker.append(group);
  }
  const explain = () => (note.textContent = picker.selectedOptions[0]?.title ?? "");
  picker.value = chosen;
  explain();
  picker.disabled = false;
  picker.addEventListener("change", async () => {
    explain();
    try {
      await send(address, "PUT", { name: picker.value });
      if (picker.value !== WELL) changed();
    } catch {
      failed();
    }
  });
}

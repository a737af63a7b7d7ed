// @ts-check
/** The settings: how the person likes to be served, and what becomes of their data. */

import { element, find } from "../foundation/dom.js";
import { filled, gettext } from "../language/gettext.js";
import { words } from "../language/words.js";
import { send } from "../wire/api.js";
import { deviceChoice, keepDeviceChoice } from "./device_choice.js";

/** @typedef {{voice: string, language: string, family: string, instruction: string}} Preferences */

const PREFERENCES = ["voice", "language", "family", "instruction"];

export class SettingsDialog {
  #dialog = /** @type {HTMLDialogElement} */ (find("#settings"));
  #form = /** @type {HTMLFormElement} */ (find("#settings-form"));
  #said = find("#settings-status");
  #opening = 0;

  /**
   * @param {import("../wire/api.js").Api} api
   * @param {{urls: Record<string, string>, username: string, allows: {search: boolean}}} page
   * @param {(chosen: Preferences) => void} changed
   */
  constructor(api, page, changed) {
    this.api = api;
    this.page = page;
    this.changed = changed;
    for (const opener of document.querySelectorAll("[data-opens=settings]")) opener.addEventListener("click", () => this.open());
    find("#settings-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    /** @type {HTMLElement} */ (this.#field("search").closest("label")).hidden = !page.allows.search;
    this.#confirmErasure();
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
  }

  async open() {
    const opening = ++this.#opening;
    this.#clear();
    find(".account summary").focus(); // gets the focus back: the menu around the item that was pressed closes
    this.#dialog.showModal();
    try {
      const given = await send(this.page.urls.preferences, "GET");
      if (opening === this.#opening) this.#fill(given);
    } catch {
      if (opening === this.#opening) this.#say(words.settingsNotLoaded);
    }
  }

  /** What was left unsaved is forgotten, and another tab may have saved something: nothing is shown before it is known. */
  #clear() {
    this.#say("");
    for (const name of PREFERENCES) {
      this.#field(name).replaceChildren();
      this.#field(name).value = "";
    }
    this.#allow(false);
    this.#field("search").checked = deviceChoice().search;
  }

  /** @param {boolean} allowed to change something and to save it */
  #allow(allowed) {
    for (const name of PREFERENCES) this.#field(name).disabled = !allowed;
    for (const field of this.#form.elements) if (field instanceof HTMLButtonElement) field.disabled = !allowed;
  }

  /** @param {any} given */
  #fill(given) {
    const usual = element("option", { value: "" }, gettext("Default"));
    const voices = given.voices.map((/** @type {string} */ name) => element("option", { value: name }, name));
    const languages = given.languages.map((/** @type {{code: string, name: string}} */ one) => element("option", { value: one.code }, one.name));
    const families = given.families.map((/** @type {string} */ label) => element("option", { value: label }, label));
    this.#field("voice").replaceChildren(usual, ...voices);
    this.#field("language").replaceChildren(element("option", { value: "" }, gettext("As I speak")), ...languages);
    this.#field("family").replaceChildren(element("option", { value: "" }, gettext("Default")), ...families);
    for (const name of PREFERENCES) this.#field(name).value = given[name];
    this.#allow(true);
    this.#field("instruction").disabled = given.instruction_locked;
    this.#field("instruction").maxLength = given.instruction_limit;
    find("#instruction-locked").hidden = !given.instruction_locked;
  }

  async #save() {
    const chosen = Object.fromEntries(PREFERENCES.map((name) => [name, this.#field(name).value]));
    keepDeviceChoice({ search: this.#field("search").checked });
    try {
      const kept = await send(this.page.urls.preferences, "PUT", chosen);
      this.changed({ voice: kept.voice, language: kept.language, family: kept.family, instruction: kept.instruction });
      this.#dialog.close();
    } catch {
      this.#say(words.settingsNotSaved);
    }
  }

  /** Everything is deleted only by who types their own name. */
  #confirmErasure() {
    const name = /** @type {HTMLInputElement} */ (find("#erase-name"));
    const button = /** @type {HTMLButtonElement} */ (find("#erase"));
    name.addEventListener("input", () => (button.disabled = name.value.trim() !== this.page.username));
    this.#dialog.addEventListener("close", () => {
      name.value = "";
      button.disabled = true;
    });
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      button.click();
    });
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const { deleted } = await this.api.removeAll(name.value.trim());
        this.#say(filled(gettext("%(count)s conversations were deleted."), { count: deleted }));
        setTimeout(() => location.assign(this.page.urls.chat), 1500);
      } catch {
        this.#say(words.notChanged);
      }
    });
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.#said.textContent = sentence;
  }
}

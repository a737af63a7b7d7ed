// @ts-check
/** Translations out of Django's JavaScript catalogue, which the page loads before its modules. Without it (in tests
 *  under Node) every text stays as it is written. */

/** @typedef {{gettext?: (text: string) => string, ngettext?: (one: string, many: string, count: number) => string}} Catalogue */

/** @returns {Catalogue} */
const catalogue = () => /** @type {{django?: Catalogue}} */ (globalThis).django ?? {};

/** @param {string} text */
export const gettext = (text) => catalogue().gettext?.(text) ?? text;

/** @param {string} one @param {string} many @param {number} count */
export const ngettext = (one, many, count) => catalogue().ngettext?.(one, many, count) ?? (count === 1 ? one : many);

/**
 * @param {string} text with places such as %(name)s
 * @param {Record<string, string|number>} values
 */
export const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (place, name) => String(values[name] ?? place));

/** @param {string[]} things as a sentence of the page's language lists them */
export const listed = (things) => new Intl.ListFormat(globalThis.document?.documentElement.lang || "en").format(things);

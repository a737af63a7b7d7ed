// @ts-check
/** The few shorthands with which the view modules make elements. Text is always text, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string|boolean|null|undefined>} [attributes]
 * @param {(Node|string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** @param {string} name a symbol of the page's sprite */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  drawing.append(use);
  return drawing;
}

/** @param {string} label @param {string} drawing @param {Record<string, string>} [attributes] */
export const iconButton = (label, drawing, attributes = {}) =>
  element("button", { type: "button", class: "icon-button", "aria-label": label, title: label, ...attributes }, icon(drawing));

/** @template {Element} [T=HTMLElement] @param {string} selector @returns {T} */
export function find(selector) {
  const found = document.querySelector(selector);
  if (!found) throw new Error(`The page lacks ${selector}`);
  return /** @type {T} */ (found);
}

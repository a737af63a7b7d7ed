// @ts-check
/** Keys that are not meant for the page. */

/** What a browser gives as key code where an input method takes the key: Safari says so of the Enter that ends it. */
const TAKEN = 229;

/** @param {KeyboardEvent} event @returns {boolean} whether an input method is at work, to which the key belongs */
export const isComposing = (event) => event.isComposing || event.keyCode === TAKEN;

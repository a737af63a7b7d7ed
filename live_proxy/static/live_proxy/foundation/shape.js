// @ts-check
/** Reads values that may be anything: what is of another kind is as if it were missing. Pure. */

/** @param {unknown} value @returns {Record<string, any>} */
export const object = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
/** @param {unknown} value @returns {any[]} */
export const list = (value) => (Array.isArray(value) ? value : []);
/** @param {unknown} value */
export const text = (value) => (typeof value === "string" ? value : "");
/** @param {unknown} value */
export const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

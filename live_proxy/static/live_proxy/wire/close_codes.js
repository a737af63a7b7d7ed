// @ts-check
/** What the page does after which close code. Pure. */

export const RESTARTING = 1012;
export const SIGNED_OUT = 4401;
export const TAKEN_OVER = 4409;
export const LIMIT = 4429;
export const TOO_BIG = 1009;

/** Codes after which coming back by itself would only bring the same again. */
const FINAL = new Set([TOO_BIG, 4400, SIGNED_OUT, 4403, 4404, 4408, TAKEN_OVER, LIMIT]);

/** @param {number} code */
export const isFinal = (code) => FINAL.has(code);

/** @param {number} code @returns whether what was sent last would bring the same again */
export const isPoisonous = (code) => code === TOO_BIG || code === 4400 || code === 4404;

// @ts-check
/** The patience of the connection: when it is given up, and when to come back. Pure; milliseconds. */

export const SETUP_DEADLINE = 30_000;
export const CONFIRMATION_DEADLINE = 20_000;
/** A connection that held this long was a good one: the next delays start small again. */
export const LASTED = 5000;

const FIRST = 1000;
const LONGEST = 30_000;
const RESTART_SPREAD = 1000;

/**
 * Half fixed, half random: a server that restarts must not get all its pages back in the same instant.
 * @param {number} code the close code
 * @param {number} failures connections in a row that did not last
 * @param {() => number} random
 */
export function delayBefore(code, failures, random = Math.random) {
  if (code === 1012 && failures === 0) return RESTART_SPREAD * random();
  const ceiling = Math.min(LONGEST, FIRST * 2 ** failures);
  return ceiling / 2 + (ceiling / 2) * random();
}

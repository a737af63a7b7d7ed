// @ts-check
/** What becomes of a message that HTTP did not take. Pure. */

import { isFinal, LIMIT, RESTARTING, SIGNED_OUT, TOO_BIG } from "./close_codes.js";

/** @type {Record<number, number>} What a socket would have been closed with. */
const CODES = { 401: SIGNED_OUT, 403: 4403, 404: 4404, 413: TOO_BIG, 429: LIMIT, 503: RESTARTING };
/** Nobody took it: no network, or a service that is away for the moment. */
const AWAY = new Set([0, 502, 503, 504]);

/** @typedef {{becomes: "refused"|"stopped"|"kept"|"failed", code: number, sentence: string, wait: number}} Verdict
 *  `stopped`: nothing goes out before the person has done something; `kept`: it goes out later; `wait`: milliseconds */

/** @param {Partial<import("./request.js").ApiError>} error @param {boolean} begun whether something of the answer came
 *  @returns {Verdict} */
export function verdictOf({ status = 0, sentence = "", wait = 0 }, begun) {
  const code = CODES[status] ?? 0;
  const later = AWAY.has(status) && !begun;
  return { becomes: code === TOO_BIG ? "refused" : isFinal(code) ? "stopped" : later ? "kept" : "failed", code, sentence, wait };
}

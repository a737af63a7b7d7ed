// @ts-check
/** How an answer was served: who gave it, what was tried before, when, and what it cost in tokens. */

import { element } from "../foundation/dom.js";
import { filled, gettext } from "../language/gettext.js";
import { reasonWords } from "../language/reasons.js";
import { duration } from "../language/served_words.js";
import { statusWords } from "../language/words.js";

/**
 * @typedef {Record<string, any>} Usage tokens
 * @typedef {{transport: string, platform: string, location: string, model: string, started_at: string,
 *   duration_ms: number|null, outcome: string, error_kind: string, code: number|null}} AttemptRow
 * @typedef {{from_transport: string, to_transport: string, reason: string, created_at: string}} FallbackRow
 * @typedef {{message: {transport: string, model: string, status: string, created_at: string, completed_at: string|null,
 *   first_output_ms: number|null, usage: Usage}, attempts: AttemptRow[], fallbacks: FallbackRow[]}} ServedDetails
 */

/** @type {Record<string, string>} */
const outcomes = {
  pending: gettext("under way"),
  connected: gettext("serves"),
  failed: gettext("failed"),
  ended: gettext("served"),
  cancelled: gettext("given up"),
  abandoned: gettext("abandoned"),
};

/** @type {[string, string][]} */
const counts = [
  ["prompt", gettext("%(count)s asked")],
  ["output", gettext("%(count)s answered")],
  ["thoughts", gettext("%(count)s thought")],
  ["tool", gettext("%(count)s tools")],
  ["cached", gettext("%(count)s cached")],
  ["total", gettext("%(count)s in all")],
];

/** @param {string} instant */
const clock = (instant) => new Date(instant).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** @param {string} term @param {string|Node|null} value @returns {HTMLElement[]} */
const entry = (term, value) => (value ? [element("dt", {}, term), element("dd", { dir: "auto" }, value)] : []);

/** @param {AttemptRow} one */
function attempt(one) {
  const where = [one.platform, one.location].filter(Boolean).join(", ");
  const why = one.error_kind ? `: ${reasonWords(one.error_kind)}` : "";
  const line = element("li", { "data-outcome": one.outcome }, element("strong", {}, one.transport), ` ${one.model}`);
  line.append(`${where ? ` (${where})` : ""} – ${outcomes[one.outcome] ?? one.outcome}${why}`);
  if (one.duration_ms !== null) line.append(`, ${duration(one.duration_ms)}`);
  if (one.code !== null) line.append(element("code", {}, String(one.code)));
  return line;
}

/** @param {ServedDetails} details */
export function servedPanel({ message, attempts, fallbacks }) {
  const tokens = counts.filter(([key]) => message.usage?.[key]).map(([key, told]) => filled(told, { count: message.usage[key] }));
  const whole = message.completed_at ? Date.parse(message.completed_at) - Date.parse(message.created_at) : null;
  // Steps from one model to the next on the same transport stand among the attempts.
  const moved = fallbacks.filter(({ from_transport: from, to_transport: to }) => from !== to);
  const steps = moved.map(({ from_transport: from, to_transport: to, reason }) =>
    filled(gettext("%(from)s → %(to)s: %(why)s"), { from, to, why: reasonWords(reason) }),
  );
  const tried = attempts.length ? element("ol", {}, ...attempts.map(attempt)) : null;
  return element(
    "dl",
    {},
    ...entry(gettext("Transport"), message.transport),
    ...entry(gettext("Model"), message.model),
    ...entry(gettext("Status"), statusWords[message.status] ?? gettext("Complete")),
    ...entry(gettext("Asked at"), clock(message.created_at)),
    ...entry(gettext("First words after"), message.first_output_ms === null ? null : duration(message.first_output_ms)),
    ...entry(gettext("Complete after"), whole === null ? null : duration(whole)),
    ...entry(gettext("Tokens"), tokens.join(" · ")),
    ...entry(gettext("Attempts"), tried),
    ...entry(gettext("Fallbacks"), steps.join("; ")),
  );
}

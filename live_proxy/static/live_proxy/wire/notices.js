// @ts-check
/** What the service says beside the Live API's messages, under the key `proxy` → list of events. Pure. */

import { list, number, object, text } from "../foundation/shape.js";

/**
 * @typedef {import("./protocol.js").LiveEvent} LiveEvent
 * @typedef {import("./protocol.js").Turn} Turn
 * @typedef {import("./protocol.js").Failure} Failure
 */

/** @param {Record<string, any>} notice @returns {LiveEvent[]} */
export function readNotice(notice) {
  /** @type {LiveEvent[]} */
  const events = [];
  if (notice.conversation) {
    events.push({
      type: "session",
      session: text(notice.session),
      conversation: text(notice.conversation),
      family: text(notice.family),
    });
  }
  if (notice.status === "connecting") events.push({ type: "climbing" });
  if (text(notice.transport)) {
    events.push({
      type: "served",
      served: {
        transport: notice.transport,
        model: text(notice.model),
        platform: text(notice.platform),
        from: text(notice.from),
        reason: text(notice.reason),
        lost: list(notice.lost).map(text).filter(Boolean),
      },
    });
  }
  if (text(notice.saved)) events.push({ type: "saved", id: notice.saved, message: text(notice.message) });
  if (typeof notice.not_saved === "string") events.push({ type: "notSaved", id: notice.not_saved });
  if (notice.turn) events.push({ type: "turn", turn: readTurn(object(notice.turn)) });
  if (notice.error) events.push({ type: "failure", failure: readFailure(object(notice.error)) });
  return events;
}

/** @param {Record<string, any>} turn @returns {Turn} */
const readTurn = (turn) => ({
  message: text(turn.message),
  status: text(turn.status) || "pending",
  transport: text(turn.transport),
  model: text(turn.model),
  firstOutputMs: number(turn.first_output_ms),
  question: text(turn.question),
});

/** @param {Record<string, any>} error @returns {Failure} */
const readFailure = (error) => ({
  kind: text(error.kind),
  message: text(error.message),
  // A place on this service or nothing: what comes over a socket must not lead elsewhere.
  help: /^\/help\/#[a-z_]{1,40}$/.test(text(error.help)) ? text(error.help) : "",
  retryable: error.retryable === true,
  tried: list(error.tried).map(object).map((one) => ({
    transport: text(one.transport),
    platform: text(one.platform),
    location: text(one.location),
    model: text(one.model),
    kind: text(one.kind),
    code: number(one.code),
  })),
});

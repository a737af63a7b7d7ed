// @ts-check
/** Server message → list of events. Pure: no DOM, no socket. One message may carry several things at once. */

/**
 * @typedef {{transport: string, platform: string, location: string, model: string, kind: string, code: number|null}} Tried
 * @typedef {{message: string, status: string, transport: string, model: string, firstOutputMs: number|null}} Turn
 * @typedef {{transport: string, model: string, platform: string, from: string, reason: string, lost: string[]}} Served
 * @typedef {{kind: string, message: string, tried: Tried[], retryable: boolean, help: string}} Failure
 * @typedef {{type: "ready"}
 *   | {type: "session", session: string, conversation: string, family: string}
 *   | {type: "climbing"}
 *   | {type: "served", served: Served}
 *   | {type: "saved", id: string, message: string}
 *   | {type: "notSaved", id: string}
 *   | {type: "turn", turn: Turn}
 *   | {type: "failure", failure: Failure}
 *   | {type: "thought", text: string}
 *   | {type: "text", text: string}
 *   | {type: "interrupted"}
 *   | {type: "generationComplete"}
 *   | {type: "turnComplete"}
 *   | {type: "goAway"}} LiveEvent
 */

/** @param {unknown} value @returns {Record<string, any>} */
const object = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
/** @param {unknown} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);
/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : "");
/** @param {unknown} value */
const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

const decoder = new TextDecoder();

/** @param {string|ArrayBuffer} frame @returns {LiveEvent[]} An unreadable frame is no event. */
export function readFrame(frame) {
  try {
    return readMessage(JSON.parse(typeof frame === "string" ? frame : decoder.decode(frame)));
  } catch {
    return [];
  }
}

/** @param {unknown} message @returns {LiveEvent[]} */
export function readMessage(message) {
  const { setupComplete, proxy, serverContent, goAway } = object(message);
  /** @type {LiveEvent[]} */
  const events = setupComplete ? [{ type: "ready" }] : [];
  if (proxy) events.push(...readNotice(object(proxy)));
  if (serverContent) events.push(...readContent(object(serverContent)));
  if (goAway) events.push({ type: "goAway" });
  return events;
}

/** @param {Record<string, any>} notice @returns {LiveEvent[]} */
function readNotice(notice) {
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

/** @param {Record<string, any>} content @returns {LiveEvent[]} */
function readContent(content) {
  /** @type {LiveEvent[]} */
  const events = [];
  for (const part of list(object(content.modelTurn).parts).map(object)) {
    if (text(part.text)) events.push({ type: part.thought ? "thought" : "text", text: part.text });
  }
  if (content.interrupted) events.push({ type: "interrupted" });
  if (content.generationComplete) events.push({ type: "generationComplete" });
  if (content.turnComplete) events.push({ type: "turnComplete" });
  return events;
}

/** @param {string|null} conversation @param {string} page the page's own address */
export function socketAddress(conversation, page) {
  const address = new URL(conversation ? `/ws/live/${conversation}/` : "/ws/live/", page);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address;
}

/** @param {string} family */
export const setupMessage = (family) =>
  JSON.stringify({ setup: { model: family, generationConfig: { responseModalities: ["TEXT"] } } });

/** @param {string} id @param {string} said */
export const typedMessage = (id, said) =>
  JSON.stringify({
    clientContent: { turns: [{ role: "user", parts: [{ text: said }] }], turnComplete: true },
    proxy: { id },
  });

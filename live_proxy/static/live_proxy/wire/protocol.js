// @ts-check
/** Server message → list of events. Pure: no DOM, no socket. One message may carry several things at once. */

import { list, object, text } from "../foundation/shape.js";
import { readNotice } from "./notices.js";

/**
 * @typedef {{transport: string, platform: string, location: string, model: string, kind: string, code: number|null}} Tried
 * @typedef {{message: string, status: string, transport: string, model: string, firstOutputMs: number|null,
 *   question: string}} Turn `question`: the row of what was said aloud
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
 *   | {type: "audio", data: string, mimeType: string}
 *   | {type: "heard", text: string}
 *   | {type: "spoken", text: string}
 *   | {type: "part", part: Record<string, any>}
 *   | {type: "interrupted"}
 *   | {type: "generationComplete"}
 *   | {type: "turnComplete"}
 *   | {type: "goAway"}} LiveEvent `heard`: what the person said, `spoken`: what the answer says, `part`: as the record has it
 */

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
  const { setupComplete, proxy, serverContent, toolCall, goAway } = object(message);
  /** @type {LiveEvent[]} */
  const events = setupComplete ? [{ type: "ready" }] : [];
  if (proxy) events.push(...readNotice(object(proxy)));
  if (serverContent) events.push(...readContent(object(serverContent)));
  for (const call of list(object(toolCall).functionCalls)) events.push({ type: "part", part: { functionCall: object(call) } });
  if (goAway) events.push({ type: "goAway" });
  return events;
}

/** @param {Record<string, any>} content @returns {LiveEvent[]} */
function readContent(content) {
  /** @type {LiveEvent[]} */
  const events = [];
  const heard = text(object(content.inputTranscription).text);
  if (heard) events.push({ type: "heard", text: heard });
  for (const part of list(object(content.modelTurn).parts).map(object)) events.push(...readPart(part));
  const spoken = text(object(content.outputTranscription).text);
  if (spoken) events.push({ type: "spoken", text: spoken });
  const sources = object(content.groundingMetadata);
  if (Object.keys(sources).length) events.push({ type: "part", part: { groundingMetadata: sources } });
  if (content.interrupted) events.push({ type: "interrupted" });
  if (content.generationComplete) events.push({ type: "generationComplete" });
  if (content.turnComplete) events.push({ type: "turnComplete" });
  return events;
}

/** @param {Record<string, any>} part @returns {LiveEvent[]} */
function readPart(part) {
  if (text(part.text)) return [{ type: part.thought ? "thought" : "text", text: part.text }];
  const { mimeType, data } = object(part.inlineData);
  if (text(mimeType).startsWith("audio/")) return [{ type: "audio", data: text(data), mimeType }];
  return Object.keys(part).length && !("text" in part) ? [{ type: "part", part }] : [];
}

/** @param {string|null} conversation @param {string} page the page's own address */
export function socketAddress(conversation, page) {
  const address = new URL(conversation ? `/ws/live/${conversation}/` : "/ws/live/", page);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address;
}


// @ts-check
/** What one message may hold: asked before it is sent, since a server that refuses it ends the connection. Pure. */

import { typedMessage } from "./setup_message.js";

/**
 * @typedef {{typed: number, plain: number, media: number}} Limits characters of text; bytes of a whole message without
 *   and with pictures or files
 */

/** @param {{text: string, media: import("./setup_message.js").Media[]}} typed @param {Limits} limits */
export function fits({ text, media }, limits) {
  if (text.length > limits.typed) return false;
  const size = new TextEncoder().encode(typedMessage({ id: "x".repeat(36), text, media })).length;
  return size <= (media.length ? limits.media : limits.plain);
}

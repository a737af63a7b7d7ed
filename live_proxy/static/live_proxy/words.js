// @ts-check
/** Everything the page says to people, in one place, but for why something failed. */

import { reasonWords } from "./reasons.js";

export const words = {
  notConnected: "not connected",
  connectingBadge: "connecting…",
  connectedBadge: "connected",
  idle: "Connects when you start typing.",
  connecting: "Connecting…",
  climbing: "Looking for a model that answers…",
  ready: "Connected.",
  reconnecting: "Connection lost. Reconnecting…",
  restarting: "The server is restarting. Reconnecting…",
  overHttp: "WebSockets are blocked on this network: answers come over plain HTTP, without voice.",
  overSocketAgain: "Connected by WebSocket again.",
  goingAway: "The server is about to restart. Your conversation goes on by itself.",
  offline: "You are offline. Reconnecting as soon as the network is back.",
  loading: "Loading the conversation…",
  following: "Following what is said elsewhere.",
  notLoaded: "The conversation could not be loaded.",
  listNotLoaded: "More conversations could not be loaded.",
  loadAgain: "Load again",
  you: "You",
  model: "Gemini",
  tool: "Tool",
  thoughts: "Thoughts",
  copy: "Copy",
  copyCode: "Copy code",
  copyAnswer: "Copy answer",
  copied: "Copied",
  notCopied: "Could not copy",
  retry: "Try again",
  tried: "What was tried",
  explain: "What this means and what to do",
  untitled: "New conversation",
  waiting: "Waiting to be sent",
  notSaved: "Not saved: the record could not be written. The conversation goes on.",
  noAnswer: "No answer was given.",
  lost: "The connection was lost before the answer came.",
  notSent: "Not sent",
  tooLong: "Not sent: the message is too long.",
  today: "Today",
  yesterday: "Yesterday",
  week: "Previous 7 days",
  month: "Previous 30 days",
  older: "Older",
};

/** @type {Record<string, string>} What a message's status says under it; a complete one needs no words. */
export const statusWords = {
  interrupted: "Interrupted",
  failed: "No answer",
  no_reply: "The model chose not to answer.",
  pending: "Not finished",
};

/** @type {Record<string, string>} What a lower transport cannot do. */
const losses = {
  audio_out: "spoken answers",
  audio_in: "voice",
  video_in: "video",
  interruption: "interrupting",
  resumption: "resuming",
  voice_detection: "voice detection",
  proactivity: "proactive answers",
  affective_dialog: "affective dialog",
};

/** @param {string[]} lost */
const without = (lost) => (lost.length ? `without ${lost.map((name) => losses[name] ?? name.replaceAll("_", " ")).join(", ")}` : "");
/** @param {string} transport @param {string} model @param {string[]} lost */
export const servedBy = (transport, model, lost) =>
  [model ? `${model} over ${transport}` : `Connected over ${transport}`, without(lost)].filter(Boolean).join(", ");

/** @param {{from: string, transport: string, model: string, reason: string, lost: string[]}} step */
export function fellBack(step) {
  const why = step.reason ? ` because ${reasonWords(step.reason)}` : "";
  return [`Moved from ${step.from} to ${step.transport}${why}`, without(step.lost)].filter(Boolean).join(", ") + ".";
}

/** @param {number} milliseconds */
export const firstWordAfter = (milliseconds) =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** @typedef {{text: string, action?: "retry"|"reload"|"login"|"new", label?: string, tone?: "wait"|"stop"|"info"}} Notice */

/** @type {Record<number, Notice>} Close codes after which the page does not come back by itself. */
const final = {
  4400: { text: "The server did not understand this page. Reload it to get the current version.", action: "reload", label: "Reload" },
  4401: { text: "You are signed out.", action: "login", label: "Sign in" },
  4403: { text: "You are not allowed to open this conversation.", action: "new", label: "New chat" },
  4404: { text: "This conversation does not exist.", action: "new", label: "New chat" },
  4408: { text: "Your connection was too slow to keep up, so it was closed.", action: "retry", label: "Reconnect" },
  4409: { text: "This conversation goes on in another tab or device.", action: "retry", label: "Talk here", tone: "info" },
  4429: { text: "The limit of open sessions or messages is reached. Close another tab or wait a little.", action: "retry", label: "Try again" },
  1009: { text: "That message is too long to be sent. Please shorten it.", action: "retry", label: "Reconnect" },
};

/** @type {Record<number, string>} Close codes after which the page comes back by itself. */
const passing = {
  1006: words.reconnecting,
  1011: "Something went wrong on the server. Reconnecting…",
  1012: words.restarting,
  1013: "The server is full right now. Trying again soon…",
};

/** @param {number} code @returns {Notice} */
export const closeNotice = (code) => final[code] ?? { text: passing[code] ?? words.reconnecting, action: "retry", label: "Reconnect now", tone: "wait" };

/** @param {number} code */
export const isFinal = (code) => code in final;

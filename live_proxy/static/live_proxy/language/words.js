// @ts-check
/** Everything the page says to people, of its own: labels and short sentences. Longer matters have files beside. */

import { gettext } from "./gettext.js";

export const words = {
  notConnected: gettext("not connected"),
  connectingBadge: gettext("connecting…"),
  connectedBadge: gettext("connected"),
  idle: gettext("Connects when you start typing."),
  connecting: gettext("Connecting…"),
  climbing: gettext("Looking for a model that answers…"),
  ready: gettext("Connected."),
  reconnecting: gettext("Connection lost. Reconnecting…"),
  restarting: gettext("The server is restarting. Reconnecting…"),
  overHttp: gettext("WebSockets are blocked on this network: answers come over plain HTTP, without voice."),
  overSocketAgain: gettext("Connected by WebSocket again."),
  goingAway: gettext("The server is about to restart. Your conversation goes on by itself."),
  offline: gettext("You are offline. Reconnecting as soon as the network is back."),
  loading: gettext("Loading the conversation…"),
  following: gettext("Following what is said elsewhere."),
  notLoaded: gettext("The conversation could not be loaded."),
  listNotLoaded: gettext("More conversations could not be loaded."),
  loadAgain: gettext("Load again"),
  you: gettext("You"),
  model: gettext("Gemini"),
  tool: gettext("Tool"),
  thoughts: gettext("Thoughts"),
  copy: gettext("Copy"),
  copyCode: gettext("Copy code"),
  copyAnswer: gettext("Copy answer"),
  copied: gettext("Copied"),
  notCopied: gettext("Could not copy"),
  retry: gettext("Try again"),
  tried: gettext("What was tried"),
  explain: gettext("What this means and what to do"),
  untitled: gettext("New conversation"),
  waiting: gettext("Waiting to be sent"),
  notSaved: gettext("Not saved: the record could not be written. The conversation goes on."),
  noAnswer: gettext("No answer was given."),
  lost: gettext("The connection was lost before the answer came."),
  notSent: gettext("Not sent"),
  tooLong: gettext("Not sent: the message is too long."),
  today: gettext("Today"),
  yesterday: gettext("Yesterday"),
  week: gettext("Previous 7 days"),
  month: gettext("Previous 30 days"),
  older: gettext("Older"),
};

/** @type {Record<string, string>} What a message's status says under it; a complete one needs no words. */
export const statusWords = {
  interrupted: gettext("Interrupted"),
  failed: gettext("No answer"),
  no_reply: gettext("The model chose not to answer."),
  pending: gettext("Not finished"),
};

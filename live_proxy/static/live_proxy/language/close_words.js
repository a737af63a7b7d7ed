// @ts-check
/** What the page says when its connection closes, by close code. */

import { gettext } from "./gettext.js";
import { RESTARTING } from "../wire/close_codes.js";
import { words } from "./words.js";

/** @typedef {{text: string, action?: "retry"|"reload"|"login"|"new", label?: string, tone?: "wait"|"stop"|"info", moment?: string}} Notice */

/** @type {Record<number, Notice>} Close codes after which the page does not come back by itself. */
export const final = {
  4400: { text: gettext("The server did not understand this page. Reload it to get the current version."), action: "reload", label: gettext("Reload") },
  4401: { text: gettext("You are signed out."), action: "login", label: gettext("Sign in") },
  4403: { text: gettext("You are not allowed to do this."), action: "retry", label: gettext("Try again"), moment: "forbidden" },
  4404: { text: gettext("This conversation does not exist."), action: "new", label: gettext("New chat") },
  4408: { text: gettext("Your connection was too slow to keep up, so it was closed."), action: "retry", label: gettext("Reconnect") },
  4409: { text: gettext("This conversation goes on in another tab or device."), action: "retry", label: gettext("Talk here"), tone: "info", moment: "elsewhere" },
  4429: { text: gettext("The limit of open sessions or messages is reached. Close another tab or wait a little."), action: "retry", label: gettext("Try again"), moment: "limit" },
  1009: { text: gettext("That message is too long to be sent. Please shorten it."), action: "retry", label: gettext("Reconnect") },
};

/** @type {Record<number, string>} Close codes after which the page comes back by itself. */
const passing = {
  1006: words.reconnecting,
  1011: gettext("Something went wrong on the server. Reconnecting…"),
  1012: words.restarting,
  1013: gettext("The server is full right now. Trying again soon…"),
};

/** Codes whose reason is a sentence for the person: which of several limits, which of several rules. */
const EXPLAINED = new Set([4403, 4429]);

/** @param {number} code @param {string} [reason] what the server said with it @returns {Notice} */
export const closeNotice = (code, reason = "") => (reason && EXPLAINED.has(code) ? { ...final[code], text: reason } : usual(code));

/** @param {number} code @returns {Notice} */
const usual = (code) =>
  final[code] ?? {
    text: passing[code] ?? words.reconnecting,
    action: "retry",
    label: gettext("Reconnect now"),
    tone: "wait",
    moment: code === RESTARTING ? "restarting" : undefined,
  };

/** @type {Notice} No close code: the browser itself has no network. */
export const offlineNotice = { text: words.offline, tone: "wait", moment: "offline" };

// @ts-check
/** What stands under a message: what can be done with it, how it came, and what is to be said of it. */

import { element, icon, iconButton } from "../foundation/dom.js";
import { filled } from "../language/gettext.js";
import { duration } from "../language/served_words.js";
import { statusWords, words } from "../language/words.js";

/** @typedef {import("./message_view.js").MessageView} MessageView */

/** @param {MessageView} view @param {string} note */
export const footer = (view, note) => [...actions(view), ...remarks(view, note)];

/** @param {MessageView} view */
function actions(view) {
  if (view.status === "pending" || view.role === "tool") return [];
  const mine = view.role === "user";
  const copied = iconButton(mine ? words.copyMessage : words.copyAnswer, "copy", { "data-copy": "answer" });
  const acts = view.text ? [copied] : [];
  if (!mine) return view.hasFailure ? acts : [...acts, iconButton(words.again, "retry", { "data-act": "again" })];
  if (view.unsent) acts.push(iconButton(words.retry, "retry", { "data-act": "resend" }));
  if (view.unsent || view.row) acts.push(iconButton(words.edit, "edit", { "data-act": "edit" }));
  return acts;
}

/** @param {MessageView} view @param {string} note */
function remarks(view, note) {
  /** @type {HTMLElement[]} */
  const said = [];
  const ended = view.status !== "pending";
  if (view.modality === "audio" && view.text) said.push(element("span", { class: "aloud" }, icon("mic"), words.aloud));
  if (view.role === "model" && view.transport && (ended || view.text)) said.push(served(view, ended));
  const status = view.hasFailure ? "" : statusWords[view.status];
  if (view.role === "model" && ended && status) said.push(element("span", { class: "remark" }, status));
  if (note) said.push(element("span", { class: "remark" }, note));
  return said;
}

/** @param {MessageView} view @param {boolean} ended Only then the record can tell more. */
function served(view, ended) {
  const first = view.firstOutputMs === null ? "" : duration(view.firstOutputMs);
  const last = [view.transport, view.model, first].filter(Boolean).join(" · ");
  const told = view.status === "failed" ? filled(words.triedLast, { last }) : last;
  if (!ended || !view.row) return element("span", { class: "served" }, told);
  const open = view.article.querySelector(".how") !== null;
  const attributes = { type: "button", class: "served", "data-act": "served", "aria-expanded": String(open), title: words.howServed };
  return element("button", attributes, told, element("span", { class: "visually-hidden" }, words.howServed), icon("chevron"));
}

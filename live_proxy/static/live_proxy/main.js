// @ts-check
/** Puts the page together. */

import { Api, ApiError } from "./wire/api.js";
import { Composer } from "./frame/composer.js";
import { ConnectionView } from "./frame/connection_view.js";
import { enableCopying } from "./thread/copy.js";
import { find } from "./foundation/dom.js";
import { HttpLine } from "./wire/http_line.js";
import { newId } from "./foundation/ids.js";
import { RecordReader } from "./thread/record.js";
import { Sidebar } from "./library/sidebar.js";
import { SIGNED_OUT } from "./wire/close_codes.js";
import { LiveSocket } from "./wire/socket.js";
import { StatusView } from "./frame/status.js";
import { enableThemeChoice } from "./frame/theme.js";
import { ThreadView } from "./thread/thread_view.js";
import { Turns } from "./thread/turns.js";
import { words } from "./language/words.js";

const TITLE_LENGTH = 80;

const page = JSON.parse(find("#page-data").textContent ?? "{}");
const family = /** @type {HTMLSelectElement} */ (find("#model"));
const log = find("#thread");

const api = new Api(page.urls.conversations);
const status = new StatusView();
const sidebar = new Sidebar(api, page.urls.chat, page.conversation);
const thread = new ThreadView(log, find("#scroller"), find("#empty"), find("#jump"));
const turns = new Turns(thread, askAgain);
const record = new RecordReader(api, thread, turns);
const socket = new LiveSocket(page.conversation, family.value);
const connection = new ConnectionView(socket, status, api, page.urls);
const http = new HttpLine(socket, api);
const composer = new Composer(find("#composer"), find("#message"), find("#send"));
let firstWords = "";
let shownAddress = location.pathname;

/** @param {string} text */
function say(text) {
  const id = newId();
  firstWords ||= text.slice(0, TITLE_LENGTH);
  if (socket.state === "ready") status.clearNotice();
  turns.said(id, text);
  socket.send(id, text);
  http.pump();
}

/** @param {import("./thread/message_view.js").MessageView} asked It keeps its id, so it stands in the record once. */
function askAgain(asked) {
  if (!asked.clientId) return say(asked.text);
  if (socket.state === "ready") status.clearNotice();
  turns.said(asked.clientId, asked.text, asked);
  socket.send(asked.clientId, asked.text);
  http.pump();
}

/** @param {unknown} error */
function recordFailed(error) {
  if (error instanceof ApiError && error.status === 401) return connection.showClosed(SIGNED_OUT);
  status.notice({ text: words.notLoaded, label: words.loadAgain }, loadRecord);
}

/** @param {unknown} error The next look, some seconds later, may succeed; only a sign-out is final. */
function followFailed(error) {
  if (error instanceof ApiError && error.status === 401) socket.stop(SIGNED_OUT);
}

async function loadRecord() {
  if (!socket.conversation) return;
  status.clearNotice();
  thread.setBusy(true);
  if (socket.state === "idle") status.say(words.loading);
  try {
    await record.read(socket.conversation);
  } catch (error) {
    recordFailed(error);
  }
  if (socket.state === "idle") connection.idle();
  thread.setBusy(turns.active !== null);
}

function catchUp() {
  if (!socket.conversation || !socket.exists) return;
  if (connection.takenOver) record.follow(socket.conversation, followFailed);
  else record.read(socket.conversation).catch(recordFailed);
}

let readyBefore = false;
socket.addEventListener("state", () => {
  if (socket.state === "connecting") record.stop();
  else if (socket.state === "ready") {
    turns.connected();
    if (readyBefore) catchUp();
    readyBefore = true;
  } else {
    turns.connectionLost(socket.outbox.ids);
    if (connection.takenOver) catchUp();
  }
});

socket.addEventListener("live", (given) => {
  const event = /** @type {CustomEvent<import("./wire/protocol.js").LiveEvent>} */ (given).detail;
  if (!turns.take(event) && event.type === "failure") status.failure(event.failure);
  connection.take(event);
  if (event.type === "saved" && socket.conversation) showAddress(socket.conversation);
});

socket.addEventListener("dropped", () => turns.connectionLost(socket.outbox.ids));
socket.addEventListener("refused", (event) => {
  const { id, code } = /** @type {CustomEvent} */ (event).detail;
  turns.notSent(id, code === 1009 ? words.tooLong : words.notSent);
});

/** @param {string} conversation It has a place in the record now, so it gets its address and stands on top. */
function showAddress(conversation) {
  const address = `${page.urls.chat}c/${conversation}/`;
  if (location.pathname !== address) history.pushState(null, "", address);
  shownAddress = address;
  sidebar.touch(conversation, firstWords);
  const title = sidebar.titleOf(conversation) || words.untitled;
  find("#title").textContent = title;
  document.title = `${title} · Live Proxy`;
}

http.addEventListener("change", () => connection.overHttp(http.active));
composer.addEventListener("intent", () => socket.state === "idle" && socket.connect());
composer.addEventListener("say", (event) => say(/** @type {CustomEvent} */ (event).detail));
family.addEventListener("change", () => socket.choose(family.value));
find("#suggestions").addEventListener("click", ({ target }) => {
  const chip = /** @type {Element} */ (target).closest("button");
  if (chip) composer.fill(chip.textContent?.trim() ?? "");
});
// The skip link changes the fragment only, which is no other page.
addEventListener("popstate", () => location.pathname === shownAddress || location.reload());

enableCopying(log, (article) => thread.find((view) => view.article === article)?.text ?? "");
enableThemeChoice(find("#theme"));
sidebar.add(page.conversations);
if (page.urls.scenario) import("./frame/scenario.js").then(({ offerScenarios }) => offerScenarios(page.urls.scenario));
if (page.conversation) loadRecord();
else if (matchMedia("(pointer: fine)").matches) composer.focus();

// @ts-check
/** Puts the page together. */

import { find } from "./foundation/dom.js";
import { giveFocus } from "./foundation/focus.js";
import { Composer } from "./frame/composer.js";
import { ConnectionView } from "./frame/connection_view.js";
import { Drafts } from "./frame/drafts.js";
import { enableGoingBack } from "./frame/going_back.js";
import { PageAddress } from "./frame/page_address.js";
import { StatusView } from "./frame/status.js";
import { Saying } from "./frame/saying.js";
import { keepUnsent } from "./frame/unsent.js";
import { enableSuggestions } from "./frame/suggestions.js";
import { enableThemeChoice } from "./frame/theme.js";
import { VoiceOnPage } from "./frame/voice_on_page.js";
import { words } from "./language/words.js";
import { closeWhenLeft } from "./foundation/closing.js";
import { enableLibrary } from "./library/library.js";
import { Sidebar } from "./library/sidebar.js";
import { Attachments } from "./media/attachments.js";
import { deviceChoice } from "./settings/device_choice.js";
import { apart } from "./media/text_files.js";
import { SettingsDialog } from "./settings/settings_dialog.js";
import { Actions } from "./thread/actions.js";
import { Asking } from "./thread/asking.js";
import { CatchingUp } from "./thread/catching_up.js";
import { enableCopying } from "./thread/copy.js";
import { RecordReader } from "./thread/record.js";
import { ThreadView } from "./thread/thread_view.js";
import { Turns } from "./thread/turns.js";
import { Api } from "./wire/api.js";
import { TOO_BIG } from "./wire/close_codes.js";
import { HttpLine, NO_MEDIA } from "./wire/http_line.js";
import { Overdue } from "./wire/overdue.js";
import { LiveSocket } from "./wire/socket.js";

const TITLE_LENGTH = 80;

const page = JSON.parse(find("#page-data").textContent ?? "{}");
const family = /** @type {HTMLSelectElement} */ (find("#model"));
const log = find("#thread");

/** @returns {import("./wire/setup_message.js").Wishes} */
const wishes = () => ({
  ...preferences,
  family: family.value,
  search: page.allows.search && deviceChoice().search,
  writing: page.allows.writing,
});
let preferences = page.preferences;

closeWhenLeft("details.account, details.voice-options"); // before the drawer: Escape closes what lies on top
const api = new Api(page.urls.conversations);
const status = new StatusView();
const sidebar = new Sidebar(api, page.urls.chat, page.opened);
const thread = new ThreadView(log, find("#scroller"), find("#empty"), find("#jump"));
const socket = new LiveSocket(page.conversation, wishes());
const connection = new ConnectionView(socket, status, api, page.urls);
const http = new HttpLine(socket, api);
const asking = new Asking(socket, http, api);
const turns = new Turns(thread, (asked) => saying.retry(asked));
asking.attach(turns);
const record = new RecordReader(api, thread, turns);
asking.onReplaced = (count) => record.replacedHere(count);
const catchingUp = new CatchingUp(socket, connection, status, record, turns);
const attachments = new Attachments(find("#attachments"), find("#file"), find("#stage"));
const composer = new Composer(find("#composer"), find("#message"), find("#send"), attachments, (typed) => saying.refusal(typed));
const voice = new VoiceOnPage(socket, status, page);
const address = new PageAddress(page.urls.chat, sidebar);
const saying = new Saying({ socket, http, asking, composer, status, limits: page.limits, said: begun });
const actions = new Actions(thread, (row) => api.served(socket.place.conversation ?? "", row));

/** @param {string} text is said now */
function begun(text) {
  const { said, files } = apart(text);
  address.firstWords ||= (said || (files[0]?.name ?? "")).slice(0, TITLE_LENGTH);
  voice.asked();
}

function serveAnew() {
  socket.shape.outdated = true;
  if (!socket.shape.busy()) socket.settle();
}

function familyChanged() {
  const chosen = page.families.find((/** @type {{label: string}} */ one) => one.label === family.value);
  attachments.documents = !chosen?.voice;
  voice.offer(chosen?.voice ?? false, http.active);
  socket.reshape({ wishes: wishes() });
  if (socket.shape.outdated && socket.state === "ready") status.say(words.nextMessage);
}

socket.addEventListener("live", (given) => {
  const event = /** @type {CustomEvent<import("./wire/protocol.js").LiveEvent>} */ (given).detail;
  voice.take(event);
  if (event.type === "heard" && !socket.place.exists) address.firstWords = (address.firstWords + event.text).slice(0, TITLE_LENGTH);
  if (!turns.take(event) && event.type === "failure") status.failure(event.failure);
  connection.take(event);
  composer.setBusy(turns.active !== null);
  if (!socket.shape.busy()) socket.settle();
  if ((event.type === "saved" || event.type === "turn") && socket.place.begun) address.show(socket.place.begun);
});
new Overdue(socket, () => turns.active !== null); // after what makes turns of the events
socket.shape.busy = () => turns.active !== null || turns.speech.open || voice.call.talking.pressed;
turns.free = () => socket.settle();
socket.addEventListener("dropped", (event) => turns.connectionLost(socket.outbox.ids, /** @type {CustomEvent<boolean>} */ (event).detail));
for (const change of ["state", "dropped"]) socket.addEventListener(change, () => composer.setBusy(turns.active !== null));
socket.addEventListener("refused", (event) => {
  const { id, code } = /** @type {CustomEvent} */ (event).detail;
  turns.notSent(id, code === TOO_BIG ? words.tooLong : code === NO_MEDIA ? words.noMediaHere : words.notSent);
});

http.addEventListener("change", () => {
  connection.overHttp(http.active);
  familyChanged();
});
composer.addEventListener("intent", () => socket.state === "idle" && !catchingUp.waits && socket.connect());
composer.addEventListener("say", (event) => saying.say(/** @type {CustomEvent} */ (event).detail));
composer.addEventListener("refused", (event) => status.hint(/** @type {CustomEvent} */ (event).detail, "stop"));
composer.addEventListener("stop", () => asking.stop());
for (const act of ["say", "stop"]) composer.addEventListener(act, () => composer.setBusy(turns.active !== null));
attachments.addEventListener("refused", (event) => status.hint(/** @type {CustomEvent} */ (event).detail, "stop"));
family.addEventListener("change", () => {
  familyChanged();
  if (!catchingUp.waits) socket.connect();
});

enableGoingBack(actions, thread, composer, saying);
enableSuggestions(find("#suggestions"), composer);
keepUnsent(composer, attachments, socket.outbox, new Drafts(page.username, socket.place));
enableCopying(log, (article) => thread.find((view) => view.article === article)?.text ?? "");
enableThemeChoice(find("#theme"), find("#theme-choice"));
enableLibrary(api, sidebar, page.urls, (fragment) => thread.showPlace(fragment));
new SettingsDialog(api, page, (chosen) => {
  preferences = chosen;
  socket.reshape({ wishes: wishes() });
});
sidebar.add(page.conversations);
familyChanged();
if (page.urls.scenario) import("./frame/scenario.js").then(({ offerScenarios }) => offerScenarios(page.urls.scenario, serveAnew));
document.documentElement.dataset.ready = "";
if (document.documentElement.dataset.early) /** @type {HTMLFormElement} */ (find("#composer")).requestSubmit();
if (page.conversation) catchingUp.load();
else if (matchMedia("(pointer: fine)").matches) giveFocus(composer.box);

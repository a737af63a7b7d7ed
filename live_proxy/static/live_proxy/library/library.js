// @ts-check
/** Renaming, pinning, deleting and finding conversations: what the sidebar's menu and search box do. */

import { element } from "../foundation/dom.js";
import { isComposing } from "../foundation/keyboard.js";
import { filled, ngettext } from "../language/gettext.js";
import { words } from "../language/words.js";
import { ApiError } from "../wire/api.js";
import { ConversationMenu } from "./conversation_menu.js";
import { Search } from "./search.js";
import { Undo } from "./undo.js";

/** @typedef {import("../wire/api.js").ConversationRow} ConversationRow */

const LONGEST_TITLE = 200;
const DELETED = "deleted";
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * @param {import("../wire/api.js").Api} api
 * @param {import("./sidebar.js").Sidebar} sidebar
 * @param {{chat: string}} urls
 * @param {(fragment: string) => void} show a place in the conversation that is open
 */
export function enableLibrary(api, sidebar, urls, show) {
  const menu = new ConversationMenu(api.base);
  const undo = new Undo();
  new Search(api, urls.chat, sidebar.drawer, show);

  /** @type {{id: string, row: ConversationRow|null}[]} What was deleted since the offer to take it back came up. */
  let gone = [];

  /** @param {string} id @param {ConversationRow|null} [row] */
  function offerUndo(id, row = null) {
    if (!undo.offered) gone = [];
    gone.push({ id, row });
    const taken = gone;
    const said = filled(ngettext("The conversation was deleted.", "%(count)s conversations were deleted.", gone.length), { count: gone.length });
    undo.offer(said, async () => {
      try {
        for (const one of taken) sidebar.put((await api.restore(one.id)) ?? one.row);
        undo.say(ngettext("The conversation is back.", "The conversations are back.", taken.length), sidebar.itemOf(taken[0].id)?.querySelector("a"));
      } catch {
        undo.say(words.notRestored);
      }
    });
  }

  /** @param {ConversationRow} row */
  async function remove(row) {
    try {
      await api.remove(row.id);
    } catch {
      return undo.say(words.notChanged);
    }
    if (row.id === sidebar.current) return location.assign(`${urls.chat}?${DELETED}=${row.id}`);
    sidebar.remove(row.id);
    offerUndo(row.id, row);
  }

  /** @param {ConversationRow} row @param {{title?: string, pinned?: boolean}} change @param {boolean} [stays] whether the
   *  person is still at the row */
  async function change(row, change, stays = true) {
    try {
      sidebar.put(await api.change(row.id, change));
    } catch (error) {
      sidebar.put(row);
      undo.say(error instanceof ApiError && error.status === 409 ? words.tooManyPins : words.notChanged);
    }
    // The row was drawn anew. Who has gone elsewhere meanwhile is left there.
    if (stays && document.activeElement === document.body) sidebar.itemOf(row.id)?.querySelector("button")?.focus();
  }

  sidebar.addEventListener("menu", (event) => {
    const { row, button } = /** @type {CustomEvent} */ (event).detail;
    menu.open(row, button);
  });
  menu.addEventListener("delete", (event) => remove(/** @type {CustomEvent} */ (event).detail));
  menu.addEventListener("pin", (event) => {
    const row = /** @type {CustomEvent<ConversationRow>} */ (event).detail;
    change(row, { pinned: !row.pinned });
  });
  menu.addEventListener("rename", (event) => {
    const row = /** @type {CustomEvent<ConversationRow>} */ (event).detail;
    const link = sidebar.itemOf(row.id)?.querySelector("a");
    if (!link) return;
    const release = sidebar.hold();
    askTitle(link, row.title || words.untitled, (title, byKey) => {
      release();
      if (byKey) sidebar.itemOf(row.id)?.querySelector("a")?.focus();
      if (title) change(row, { title }, byKey);
    });
  });

  const named = new URLSearchParams(location.search).get(DELETED);
  if (named === null) return;
  history.replaceState(null, "", urls.chat);
  // Anybody can write an address: what it names must be a conversation, and nothing else.
  if (UUID.test(named)) offerUndo(named);
}

/** @param {HTMLElement} link makes place for a field @param {string} title @param {(title: string, byKey: boolean) => void} done
 *  with the new title, or nothing where it stays, and whether a key ended it: else the person has turned to something else */
function askTitle(link, title, done) {
  const field = element("input", { type: "text", class: "rename", value: title, maxlength: String(LONGEST_TITLE), "aria-label": words.title });
  let over = false;
  const end = (/** @type {boolean} */ keep, byKey = true) => {
    if (over) return;
    over = true;
    const chosen = field.value.trim();
    const changed = keep && chosen !== title ? chosen : "";
    field.replaceWith(link);
    done(changed, byKey);
  };
  field.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "Enter") end(true);
    else if (event.key === "Escape") {
      event.preventDefault();
      end(false);
    }
  });
  field.addEventListener("blur", () => end(true, false));
  link.replaceWith(field);
  field.select();
}

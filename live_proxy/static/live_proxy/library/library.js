// @ts-check
/** Renaming, pinning, deleting and finding conversations: what the sidebar's menu and search box do. */

import { element } from "../foundation/dom.js";
import { words } from "../language/words.js";
import { ApiError } from "../wire/api.js";
import { ConversationMenu } from "./conversation_menu.js";
import { Search } from "./search.js";
import { Undo } from "./undo.js";

/** @typedef {import("../wire/api.js").ConversationRow} ConversationRow */

const LONGEST_TITLE = 200;
const DELETED = "deleted";

/**
 * @param {import("../wire/api.js").Api} api
 * @param {import("./sidebar.js").Sidebar} sidebar
 * @param {{chat: string}} urls
 */
export function enableLibrary(api, sidebar, urls) {
  const menu = new ConversationMenu(api.base);
  const undo = new Undo();
  new Search(api, urls.chat, sidebar.drawer);

  /** @param {string} id @param {import("../wire/api.js").ConversationRow|null} [row] */
  const offerUndo = (id, row = null) =>
    undo.offer(words.deleted, async () => {
      try {
        sidebar.put((await api.restore(id)) ?? row);
        undo.say(words.restored);
      } catch {
        undo.say(words.notRestored);
      }
    });

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

  /** @param {ConversationRow} row @param {{title?: string, pinned?: boolean}} change */
  async function change(row, change) {
    try {
      sidebar.put(await api.change(row.id, change));
    } catch (error) {
      sidebar.put(row);
      undo.say(error instanceof ApiError && error.status === 409 ? words.tooManyPins : words.notChanged);
    }
    sidebar.itemOf(row.id)?.querySelector("button")?.focus();
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
    if (link) askTitle(link, row.title || words.untitled, (title) => change(row, { title }));
  });

  const gone = new URLSearchParams(location.search).get(DELETED);
  if (gone) {
    history.replaceState(null, "", urls.chat);
    offerUndo(gone);
  }
}

/** @param {HTMLElement} link makes place for a field @param {string} title @param {(title: string) => void} done */
function askTitle(link, title, done) {
  const field = element("input", { type: "text", class: "rename", value: title, maxlength: String(LONGEST_TITLE), "aria-label": words.title });
  let over = false;
  const end = (/** @type {boolean} */ keep) => {
    if (over) return;
    over = true;
    const chosen = field.value.trim();
    field.replaceWith(link);
    if (keep && chosen && chosen !== title) done(chosen);
    else link.focus();
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") end(true);
    else if (event.key === "Escape") {
      event.preventDefault();
      end(false);
    }
  });
  field.addEventListener("blur", () => end(true));
  link.replaceWith(field);
  field.select();
}

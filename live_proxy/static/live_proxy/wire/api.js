// @ts-check
/** The record over HTTP. */

import { changing, get, request, send } from "./request.js";

export { ApiError, send } from "./request.js";

/** A position behind every message. */
const END = 2_147_483_647;
/** Messages: what fills a screen, and what is fetched at a time once that is there. */
const FIRST_PAGE = 40;
const PAGE = 200;

/**
 * @typedef {{id: string, title: string, family: string, pinned: boolean, created_at: string, updated_at: string}} ConversationRow
 * @typedef {{conversations: ConversationRow[], pinned?: ConversationRow[], next: string|null}} ConversationPage
 * @typedef {{conversation: ConversationRow, message: string|null, position: number|null, snippet: {text: string, match: boolean}[]}} Found
 * @typedef {{id: string, client_id: string|null, position: number, role: "user"|"model"|"tool", modality: string,
 *   text: string, parts: any[], transport: string, model: string, status: string, first_output_ms: number|null}} MessageRow
 * @typedef {{messages: MessageRow[], replaced: number}} MessagePage `replaced`: how many others are no part of the thread
 */

export class Api {
  /** @param {string} base the address of the conversations */
  constructor(base) {
    this.base = base;
  }

  /** @param {string} conversation @returns its address */
  of(conversation) {
    return `${this.base}${encodeURIComponent(conversation)}/`;
  }

  /** @param {string|null} before @returns {Promise<ConversationPage>} */
  conversations(before) {
    return get(before ? `${this.base}?before=${encodeURIComponent(before)}` : this.base);
  }

  /** @param {string} conversation @param {{id: string, text: string, family: string, search: boolean}} typed @param {AbortSignal} signal
   *  @returns an event stream */
  ask(conversation, typed, signal) {
    return request(`${this.of(conversation)}messages/`, { ...changing("POST", typed), signal });
  }

  /** @param {string} conversation @param {{title?: string, pinned?: boolean}} change @returns {Promise<ConversationRow>} */
  change(conversation, change) {
    return send(`${this.of(conversation)}`, "PATCH", change);
  }

  /** @param {string} conversation It can be restored for some minutes. */
  remove(conversation) {
    return send(`${this.of(conversation)}`, "DELETE", {});
  }

  /** @param {string} conversation @returns {Promise<ConversationRow>} */
  restore(conversation) {
    return send(`${this.of(conversation)}restore/`, "POST", {});
  }

  /** @param {string} words @param {AbortSignal} signal @returns {Promise<{results: Found[]}>} */
  async search(words, signal) {
    return (await request(`${this.base}search/?q=${encodeURIComponent(words)}`, { signal })).json();
  }

  /** @param {string} username to confirm @returns {Promise<{deleted: number}>} */
  removeAll(username) {
    return send(this.base, "DELETE", { confirm: username });
  }

  /** @param {string} conversation @param {string} message The thread ends before it from now on.
   *  @returns {Promise<{replaced: number}>} */
  rewind(conversation, message) {
    return send(`${this.of(conversation)}rewind/`, "POST", { message });
  }

  /** @param {string} conversation @param {string} message @returns {Promise<import("../thread/served_view.js").ServedDetails>} */
  served(conversation, message) {
    return get(`${this.of(conversation)}messages/${message}/served/`);
  }

  /** @param {string} conversation @returns {AsyncGenerator<MessagePage>} all of it, the newest page first */
  async *messagesBackwards(conversation) {
    let [before, limit] = /** @type {[number|null, number]} */ ([END, FIRST_PAGE]);
    do {
      const page = await get(`${this.of(conversation)}messages/?before=${before}&limit=${limit}`);
      yield page;
      [before, limit] = [page.previous ?? null, PAGE];
    } while (before !== null);
  }

  /** @param {string} conversation @param {number|null} after @returns {AsyncGenerator<MessagePage>} */
  async *messages(conversation, after) {
    let next = after;
    do {
      const query = next === null ? "" : `?after=${next}`;
      const page = await get(`${this.of(conversation)}messages/${query}`);
      yield page;
      next = page.next;
    } while (next !== null);
  }
}

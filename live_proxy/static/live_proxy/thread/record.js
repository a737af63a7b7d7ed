// @ts-check
/** Brings the thread up to what the record says: once on load, after a reconnect, or again and again. */

import { MessageView } from "./message_view.js";

/** Rows between two breaths. */
const AT_ONCE = 50;

/** Lets the page draw and answer: a long thread is much to show. */
const breath = () => new Promise((done) => setTimeout(done));

export class RecordReader {
  /** @type {number|null} everything up to here is known and will not change any more */
  #cursor = null;
  /** Whether all of the thread was read once. */
  #whole = false;
  /** How many messages were replaced by others when it was read. */
  #replaced = 0;
  /** Whether something in it was still under way when it was read last. */
  unsettled = false;
  #timer = 0;
  /** @type {WeakSet<MessageView>} that were made out of rows */
  #fromRows = new WeakSet();
  /** @type {Promise<void>|null} */
  #running = null;

  /**
   * @param {import("../wire/api.js").Api} api
   * @param {import("./thread_view.js").ThreadView} thread
   * @param {import("./turns.js").Turns} turns
   */
  constructor(api, thread, turns) {
    this.api = api;
    this.thread = thread;
    this.turns = turns;
  }

  /** @param {number} count This page has replaced so many itself. */
  replacedHere(count) {
    this.#replaced += count;
  }

  /** @param {string} conversation One reading at a time. */
  read(conversation) {
    this.#running ??= this.#read(conversation).finally(() => (this.#running = null));
    return this.#running;
  }

  /** @param {string} conversation */
  async #read(conversation) {
    if (!this.#whole || !(await this.#readOn(conversation))) await this.#readBackwards(conversation);
    this.turns.speech.forgetUnsaved();
    this.turns.retrying.offer();
  }

  /** All of it: what was said last is what people come for. @param {string} conversation */
  async #readBackwards(conversation) {
    let [newest, open] = [-1, Infinity];
    const [before, known] = [this.thread.messages.filter(({ row }) => row !== null), this.#replaced];
    const found = new Set();
    for await (const { messages, replaced } of this.api.messagesBackwards(conversation)) {
      this.#replaced = replaced;
      for (const [at, row] of messages.entries()) {
        if (at % AT_ONCE === AT_ONCE - 1) await breath();
        this.#merge(row);
        found.add(row.id);
        newest = Math.max(newest, row.position);
        if (row.status === "pending") open = Math.min(open, row.position);
      }
      await breath();
    }
    const gone = this.#replaced === known ? [] : before.filter((view) => !found.has(view.row) && view !== this.turns.active);
    for (const view of gone) this.thread.remove(view);
    this.#whole = true;
    this.unsettled = open !== Infinity;
    const settled = Math.min(newest, open - 1);
    this.#cursor = settled < 0 ? null : settled;
  }

  /** @param {string} conversation @returns {Promise<boolean>} false where part of what is known was replaced elsewhere */
  async #readOn(conversation) {
    let settled = true;
    for await (const { messages, replaced } of this.api.messages(conversation, this.#cursor)) {
      if (replaced !== this.#replaced) return false;
      for (const row of messages) {
        this.#merge(row);
        settled &&= row.status !== "pending";
        if (settled) this.#cursor = row.position;
      }
    }
    this.unsettled = !settled;
    return true;
  }

  /** @param {import("../wire/api.js").MessageRow} row */
  #merge(row) {
    const known = this.thread.find((view) => view.row === row.id || (row.client_id !== null && view.clientId === row.client_id));
    // Of an answer that is still coming, the page knows more than the record.
    if ((known && known === this.turns.active) || this.turns.answer.dropped.has(row.id)) return;
    const view = known ?? new MessageView(row.role, row.modality);
    // What this page saw come stands as it came; what it knows from the record alone may have grown there.
    if (!known || this.#fromRows.has(known)) view.setParts(row.parts);
    if (!known) this.#fromRows.add(view);
    Object.assign(view, {
      row: row.id,
      clientId: row.client_id,
      position: row.position,
      modality: row.modality,
      transport: row.transport,
      model: row.model,
      firstOutputMs: row.first_output_ms,
    });
    if (view.text !== row.text) view.setText(row.text);
    view.setStatus(row.status);
    view.article.classList.toggle("awaited", row.role === "model" && row.status === "pending");
    if (row.role === "user") view.setNote("");
    if (!known) this.#insert(view);
  }

  /** @param {MessageView} view The record brings the answer that the page had given up. */
  #insert(view) {
    const given = this.thread.find((other) => other.role === "model" && other.row === null && other.hasFailure);
    if (view.role === "model" && given) this.thread.remove(given);
    this.thread.place(view);
  }

  /** @param {string} conversation @param {number} every milliseconds
   *  @param {(error: unknown) => void} failed @param {() => void} [looked] after each look that succeeded */
  follow(conversation, every, failed, looked = () => {}) {
    this.stop();
    const step = () => {
      if (!document.hidden) this.read(conversation).then(looked, failed);
    };
    this.#timer = setInterval(step, every);
    step();
  }

  stop() {
    clearInterval(this.#timer);
  }
}

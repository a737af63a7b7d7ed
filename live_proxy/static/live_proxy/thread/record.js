// @ts-check
/** Brings the thread up to what the record says: once on load, after a reconnect, or again and again. */

import { MessageView } from "./message_view.js";

const EVERY = 4000;

export class RecordReader {
  /** @type {number|null} everything up to here is known and will not change any more */
  #cursor = null;
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

  /** @param {string} conversation One reading at a time. */
  read(conversation) {
    this.#running ??= this.#read(conversation).finally(() => (this.#running = null));
    return this.#running;
  }

  /** @param {string} conversation */
  async #read(conversation) {
    let settled = true;
    for await (const rows of this.api.messages(conversation, this.#cursor)) {
      for (const row of rows) {
        this.#merge(row);
        settled &&= row.status !== "pending";
        if (settled) this.#cursor = row.position;
      }
    }
    this.turns.speech.forgetUnsaved();
    this.turns.retrying.offer();
  }

  /** @param {import("../wire/api.js").MessageRow} row */
  #merge(row) {
    const known = this.thread.find((view) => view.row === row.id || (row.client_id !== null && view.clientId === row.client_id));
    // Of an answer that is still coming, the page knows more than the record.
    if (known && known === this.turns.active) return;
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
    if (row.role === "user") view.setNote("");
    if (!known) this.#insert(view);
  }

  /** @param {MessageView} view The record brings the answer that the page had given up. */
  #insert(view) {
    const given = this.thread.find((other) => other.role === "model" && other.row === null && other.hasFailure);
    if (view.role === "model" && given) this.thread.remove(given);
    this.thread.place(view);
  }

  /** @param {string} conversation @param {(error: unknown) => void} failed */
  follow(conversation, failed) {
    this.stop();
    const step = () => {
      if (!document.hidden) this.read(conversation).catch(failed);
    };
    this.#timer = setInterval(step, EVERY);
    step();
  }

  stop() {
    clearInterval(this.#timer);
  }
}

// @ts-check
/** Server-sent events out of pieces of text. */

export class EventLines {
  #rest = "";

  /** @param {string} piece @returns {string[]} the payloads that it completes */
  feed(piece) {
    const events = (this.#rest + piece).split("\n\n");
    this.#rest = events.pop() ?? "";
    return events.filter((event) => event.startsWith("data: ")).map((event) => event.slice("data: ".length));
  }
}

/** @param {Response} answer an event stream @returns {AsyncGenerator<string>} its payloads, as they come */
export async function* payloads(answer) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  const lines = new EventLines();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    yield* lines.feed(decoder.decode(value, { stream: true }));
  }
}

// @ts-check
/** Server-sent events out of pieces of text. Pure. */

export class EventLines {
  #rest = "";

  /** @param {string} piece @returns {string[]} the payloads that it completes */
  feed(piece) {
    const events = (this.#rest + piece).split("\n\n");
    this.#rest = events.pop() ?? "";
    return events.filter((event) => event.startsWith("data: ")).map((event) => event.slice("data: ".length));
  }
}

// @ts-check
/** What serves the person right now: the badge, one plain sentence, and a notice with a way on. */

import { element, find } from "../foundation/dom.js";
import { failurePanel } from "../thread/failure_view.js";

/** @typedef {"off"|"wait"|"on"|"stop"} Tone */

export class StatusView {
  #badge = find("[data-testid=transport]");
  #sentence = find("#status");
  #notice = find("#notice");

  /** @param {string} transport @param {string} model @param {Tone} tone */
  badge(transport, model, tone) {
    this.#badge.textContent = transport;
    this.#badge.title = model;
    this.#badge.dataset.tone = tone;
  }

  /** @param {Tone} tone */
  tone(tone) {
    this.#badge.dataset.tone = tone;
  }

  /** @param {string} sentence */
  say(sentence) {
    if (this.#sentence.textContent !== sentence) this.#sentence.textContent = sentence;
    this.#sentence.title = sentence;
  }

  /** @param {import("../language/close_words.js").Notice} notice @param {() => void} [act] */
  notice(notice, act) {
    const content = [element("p", {}, notice.text)];
    this.#notice.dataset.tone = notice.tone ?? "stop";
    this.#notice.replaceChildren(...content);
    if (notice.label && act) {
      const button = element("button", { type: "button", class: "button" }, notice.label);
      button.addEventListener("click", act);
      this.#notice.append(button);
    }
    this.#notice.hidden = false;
  }

  /** @param {import("../wire/protocol.js").Failure} failure of no particular message */
  failure(failure) {
    this.#notice.dataset.tone = "stop";
    this.#notice.replaceChildren(failurePanel(failure, null));
    this.#notice.hidden = false;
  }

  clearNotice() {
    this.#notice.hidden = true;
    this.#notice.replaceChildren();
  }
}

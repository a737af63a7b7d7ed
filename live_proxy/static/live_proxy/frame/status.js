// @ts-check
/** What serves the person right now: the badge, one plain sentence, and a notice with a way on. */

import { element, find, iconButton } from "../foundation/dom.js";
import { handOver } from "../foundation/focus.js";
import { momentOf } from "../language/moments.js";
import { words } from "../language/words.js";
import { failurePanel } from "../thread/failure_view.js";

/** @typedef {"off"|"wait"|"on"|"less"|"stop"} Tone `less`: it serves, and cannot do everything */

export class StatusView {
  #badge = find("[data-testid=transport]");
  #sentence = find("#status");
  #notice = find("#notice");
  #noticed = ""; // what the notice says, where a connection may say it again and again

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
  notice({ text, tone = "stop", label, moment }, act) {
    const noticed = JSON.stringify([text, tone, label, moment]);
    if (noticed === this.#noticed) return; // it would be read out once more, and its button vanish under the finger
    const steps = momentOf(moment ?? "")?.steps ?? [];
    this.#show(tone, element("p", {}, text), ...list(steps), ...way(label, act));
    this.#noticed = noticed;
  }

  /** @param {string} sentence about what the person just did: it goes when they go on @param {Tone|"info"} [tone] */
  hint(sentence, tone = "info") {
    this.#show(tone, element("p", {}, sentence));
    this.#notice.dataset.hint = "";
  }

  /** Something that may be had now. @param {string} sentence @param {string} label @param {() => void} act */
  offer(sentence, label, act) {
    this.notice({ text: sentence, label, tone: "info" }, act);
    this.#notice.dataset.offer = "";
  }

  clearOffer() {
    if (this.#notice.dataset.offer !== undefined) this.clearNotice();
  }

  clearHint() {
    if (this.#notice.dataset.hint !== undefined) this.clearNotice();
  }

  /** @param {string} name of a bad moment @param {string} [label] @param {() => void} [act] */
  moment(name, label, act) {
    const moment = momentOf(name);
    if (!moment) return;
    const away = iconButton(words.dismiss, "close", { class: "icon-button dismiss" });
    away.addEventListener("click", () => this.clearNotice());
    const text = [element("strong", {}, moment.title), element("p", {}, moment.text)];
    this.#show("stop", element("div", { class: "moment" }, ...text, ...list(moment.steps)), ...way(label, act), away);
    this.#notice.dataset.moment = name;
  }

  /** @param {string[]} names of bad moments that are over */
  clearMoment(names) {
    if (!this.#notice.hidden && names.includes(this.#notice.dataset.moment ?? "")) this.clearNotice();
  }

  /** @param {import("../wire/protocol.js").Failure} failure of no particular message */
  failure(failure) {
    this.#show("stop", failurePanel(failure, null));
  }

  /** @param {string} tone @param {HTMLElement[]} content */
  #show(tone, ...content) {
    handOver(this.#notice);
    this.#notice.dataset.tone = tone;
    delete this.#notice.dataset.moment;
    delete this.#notice.dataset.hint;
    delete this.#notice.dataset.offer;
    this.#noticed = "";
    this.#notice.replaceChildren(...content);
    this.#notice.hidden = false;
  }

  clearNotice() {
    handOver(this.#notice);
    this.#noticed = "";
    this.#notice.hidden = true;
    this.#notice.replaceChildren();
  }
}

/** @param {string[]} steps */
const list = (steps) => (steps.length ? [element("ul", {}, ...steps.map((step) => element("li", {}, step)))] : []);

/** @param {string} [label] @param {() => void} [act] */
function way(label, act) {
  if (!label || !act) return [];
  const button = element("button", { type: "button", class: "button" }, label);
  button.addEventListener("click", act);
  return [button];
}

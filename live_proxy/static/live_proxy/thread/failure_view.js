// @ts-check
/** Why a turn got no answer: one plain sentence, what was tried folded below it, and a way on. */

import { element, icon } from "../foundation/dom.js";
import { reasonWords } from "../language/reasons.js";
import { words } from "../language/words.js";

/** @param {import("../wire/protocol.js").Tried} one */
function attempt(one) {
  const where = [one.platform, one.location].filter(Boolean).join(", ");
  const line = element("li", {}, element("strong", {}, one.transport), ` ${one.model}`);
  if (where) line.append(` (${where})`);
  line.append(`: ${reasonWords(one.kind)}`);
  if (one.code !== null) line.append(element("code", {}, String(one.code)));
  return line;
}

/** @param {string} message A failure that the page itself noticed. */
export const lost = (message) => ({ kind: "lost", message, help: "", tried: [], retryable: true });

/** @param {import("../wire/protocol.js").Failure} failure @param {(() => void)|null} retry */
export function failurePanel(failure, retry) {
  const panel = element("div", { class: "failure" }, icon("alert"), element("p", { dir: "auto" }, failure.message));
  if (failure.help) {
    const link = element("a", { href: failure.help, target: "_blank", rel: "noopener" }, words.explain);
    panel.append(element("p", { class: "explain" }, link));
  }
  if (failure.tried.length) {
    const list = element("ol", {}, ...failure.tried.map(attempt));
    panel.append(element("details", {}, element("summary", {}, `${words.tried} (${failure.tried.length})`), list));
  }
  if (retry) {
    const button = element("button", { type: "button", class: "button" }, icon("retry"), words.retry);
    button.addEventListener("click", () => {
      button.disabled = true;
      retry();
    });
    panel.append(button);
  }
  return panel;
}

// @ts-check
/** Who serves, what was left for it and why, and what cannot be had there. */

import { filled, gettext, listed } from "./gettext.js";
import { reasonWords } from "./reasons.js";

/** @type {Record<string, string>} What a lower transport cannot do. */
const losses = {
  audio_out: gettext("spoken answers"),
  audio_in: gettext("voice"),
  video_in: gettext("video"),
  interruption: gettext("interrupting"),
  resumption: gettext("resuming"),
  voice_detection: gettext("voice detection"),
  proactivity: gettext("proactive answers"),
  affective_dialog: gettext("affective dialog"),
  avatar: gettext("an avatar"),
};

/** @param {string[]} lost */
const named = (lost) => listed(lost.map((name) => losses[name] ?? name.replaceAll("_", " ")));

/** @param {string} sentence @param {string[]} lost */
const without = (sentence, lost) =>
  lost.length ? filled(gettext("%(what)s, without %(lost)s"), { what: sentence, lost: named(lost) }) : sentence;

/** @param {string} transport @param {string} model @param {string[]} lost */
export const servedBy = (transport, model, lost) =>
  without(
    model
      ? filled(gettext("%(model)s over %(transport)s"), { model, transport })
      : filled(gettext("Connected over %(transport)s"), { transport }),
    lost,
  );

/** @param {{from: string, transport: string, reason: string, lost: string[]}} step */
export function fellBack({ from, transport, reason, lost }) {
  const step = reason
    ? filled(gettext("Moved from %(from)s to %(transport)s because %(reason)s"), { from, transport, reason: reasonWords(reason) })
    : filled(gettext("Moved from %(from)s to %(transport)s"), { from, transport });
  return `${without(step, lost)}.`;
}

/** @param {number} milliseconds */
export const duration = (milliseconds) =>
  milliseconds < 1000
    ? filled(gettext("%(count)s ms"), { count: milliseconds })
    : filled(gettext("%(count)s s"), { count: (milliseconds / 1000).toFixed(1) });

// @ts-check
/** What was written and has not been sent when the page is left: kept where it can be, asked about where it cannot. */

/**
 * @param {import("./composer.js").Composer} composer
 * @param {import("../media/attachments.js").Attachments} attachments
 * @param {import("../wire/outbox.js").Outbox} outbox
 * @param {import("./drafts.js").Drafts} drafts
 */
export function keepUnsent(composer, attachments, outbox, drafts) {
  composer.addEventListener("written", () => drafts.keep(composer.written));
  addEventListener("beforeunload", (event) => {
    if (outbox.first || attachments.list.length) event.preventDefault();
  });
  // Whoever leaves all the same, to sign in again perhaps, finds the words back in the box.
  addEventListener("pagehide", () => {
    if (outbox.first) drafts.keep([...outbox.texts, composer.written].filter(Boolean).join("\n\n"));
  });
  if (drafts.kept && !composer.written) composer.put(drafts.kept);
}

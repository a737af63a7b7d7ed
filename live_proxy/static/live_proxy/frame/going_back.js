// @ts-check
/** What the buttons under earlier messages do: edit one, ask it again, send it after all. */

/** @typedef {import("../thread/message_view.js").MessageView} MessageView */

/**
 * @param {import("../thread/actions.js").Actions} actions
 * @param {import("../thread/thread_view.js").ThreadView} thread
 * @param {import("./composer.js").Composer} composer
 * @param {import("./saying.js").Saying} saying
 */
export function enableGoingBack(actions, thread, composer, saying) {
  /** @param {string} act @param {(message: MessageView) => void} done */
  const on = (act, done) => actions.addEventListener(act, (event) => done(/** @type {CustomEvent<MessageView>} */ (event).detail));
  on("edit", (message) => composer.edit(message));
  on("resend", (message) => saying.again(message));
  on("again", (answer) => {
    const asked = thread.before(answer, "user");
    if (asked) saying.again(asked);
  });
}

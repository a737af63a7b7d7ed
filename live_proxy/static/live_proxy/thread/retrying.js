// @ts-check
/** A turn that failed says why, and offers to ask once more where that may help. */

import { words } from "../language/words.js";
import { lost } from "./failure_view.js";

export class Retrying {
  /** @param {import("./thread_view.js").ThreadView} thread @param {(asked: import("./message_view.js").MessageView) => void} askAgain */
  constructor(thread, askAgain) {
    this.thread = thread;
    this.askAgain = askAgain;
  }

  /** @param {import("./message_view.js").MessageView} view @param {import("../wire/protocol.js").Failure} failure */
  fail(view, failure) {
    const asked = this.thread.before(view, "user");
    view.fail(failure, failure.retryable && asked ? () => this.askAgain(asked) : null);
  }

  /** Where the record ends with a failed turn, it can be asked again. */
  offer() {
    const last = this.thread.messages.at(-1);
    if (last?.status === "failed" && !last.hasFailure) this.fail(last, lost(words.noAnswer));
  }
}

// @ts-check
/** When the thread is read from the record: on load, after the connection came back, while others go on with it, and
 *  while an answer is finished that was left in the middle. */

import { words } from "../language/words.js";
import { ApiError } from "../wire/api.js";
import { SIGNED_OUT } from "../wire/close_codes.js";

const UNAUTHENTICATED = 401;
/** Milliseconds between two looks at what is said elsewhere, and at an answer that somebody waits for. */
const FOLLOWING = 4000;
const WAITING = 700;

export class CatchingUp {
  /** An answer is finished that was left in the middle: a connection of this page's own would cut it off. */
  waits = false;

  /**
   * @param {import("../wire/socket.js").LiveSocket} socket
   * @param {import("../frame/connection_view.js").ConnectionView} connection
   * @param {import("../frame/status.js").StatusView} status
   * @param {import("./record.js").RecordReader} record
   * @param {import("./turns.js").Turns} turns
   */
  constructor(socket, connection, status, record, turns) {
    this.socket = socket;
    this.connection = connection;
    this.status = status;
    this.record = record;
    this.turns = turns;
    socket.addEventListener("state", () => this.#state());
  }

  #state() {
    const { connection, record, socket, turns } = this;
    if (socket.state === "connecting") {
      record.stop();
      this.waits = false;
    } else if (socket.state === "ready") {
      turns.connected();
      this.#now();
    } else {
      turns.connectionLost(socket.outbox.ids);
      if (connection.takenOver) this.#now();
    }
  }

  #now() {
    const { connection, record, socket } = this;
    if (!socket.place.begun) return;
    if (connection.takenOver) record.follow(socket.place.begun, FOLLOWING, (error) => this.#followFailed(error));
    else record.read(socket.place.begun).catch((error) => this.#failed(error));
  }

  async load() {
    const { connection, record, socket, status, turns } = this;
    if (!socket.place.conversation) return;
    status.clearNotice();
    turns.thread.setBusy(true);
    if (socket.state === "idle") status.say(words.loading);
    try {
      await record.read(socket.place.conversation);
    } catch (error) {
      this.#failed(error);
    }
    if (socket.state === "idle") connection.idle();
    turns.thread.showPlace(location.hash);
    turns.thread.setBusy(turns.active !== null);
    if (socket.state === "idle" && record.unsettled) this.#wait(socket.place.conversation);
  }

  /** The answer grows here as it does on record. @param {string} conversation */
  #wait(conversation) {
    const { connection, record, status, turns } = this;
    this.waits = true;
    turns.thread.setBusy(true); // read out once, when it is complete
    status.say(words.finishing);
    const looked = () => {
      if (!this.waits || record.unsettled) return;
      this.waits = false;
      record.stop();
      turns.thread.setBusy(false);
      connection.idle();
    };
    record.follow(conversation, WAITING, (error) => this.#followFailed(error), looked);
  }

  /** @param {unknown} error */
  #failed(error) {
    if (error instanceof ApiError && error.status === UNAUTHENTICATED) return this.connection.showClosed(SIGNED_OUT);
    this.status.notice({ text: words.notLoaded, label: words.loadAgain }, () => this.load());
  }

  /** @param {unknown} error The next look, some seconds later, may succeed; only a sign-out is final. */
  #followFailed(error) {
    if (error instanceof ApiError && error.status === UNAUTHENTICATED) this.socket.stop(SIGNED_OUT);
  }
}

// @ts-check
/** When the thread is read from the record: on load, after the connection came back, and while others go on with it. */

import { words } from "../language/words.js";
import { ApiError } from "../wire/api.js";
import { SIGNED_OUT } from "../wire/close_codes.js";

const UNAUTHENTICATED = 401;

export class CatchingUp {
  #readyBefore = false;

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
    if (socket.state === "connecting") record.stop();
    else if (socket.state === "ready") {
      turns.connected();
      if (this.#readyBefore) this.#now();
      this.#readyBefore = true;
    } else {
      turns.connectionLost(socket.outbox.ids);
      if (connection.takenOver) this.#now();
    }
  }

  #now() {
    const { connection, record, socket } = this;
    if (!socket.place.conversation || !socket.place.exists) return;
    if (connection.takenOver) record.follow(socket.place.conversation, (error) => this.#followFailed(error));
    else record.read(socket.place.conversation).catch((error) => this.#failed(error));
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

// @ts-check
/** Says how the connection is doing, and what the person can do about it. */

import { closeNotice, offlineNotice } from "../language/close_words.js";
import { fellBack, servedBy } from "../language/served_words.js";
import { words } from "../language/words.js";
import { ApiError } from "../wire/api.js";
import { isFinal, SIGNED_OUT, TAKEN_OVER } from "../wire/close_codes.js";

export class ConnectionView {
  /** @type {import("../wire/protocol.js").Served|null} who serves now */
  #served = null;
  #wasReady = false;
  #overHttp = false;
  #noticed = false; // whether the notice is about the connection

  /**
   * @param {import("../wire/socket.js").LiveSocket} socket
   * @param {import("./status.js").StatusView} status
   * @param {import("../wire/api.js").Api} api
   * @param {{chat: string, login: string}} urls
   */
  constructor(socket, status, api, urls) {
    this.socket = socket;
    this.status = status;
    this.api = api;
    this.urls = urls;
    this.idle();
    socket.addEventListener("state", () => this[socket.state]());
    // An open connection notices it only when something is sent.
    addEventListener("offline", () => this.#offline());
    addEventListener("online", () => this.#back());
  }

  get takenOver() {
    return this.socket.state === "closed" && this.socket.code === TAKEN_OVER;
  }

  /** @param {boolean} active */
  overHttp(active) {
    this.#overHttp = active;
    if (active) {
      this.status.badge("http", "", "on");
      this.status.say(words.overHttp);
      this.status.notice({ text: words.overHttp, tone: "info", moment: "blocked" });
      this.#noticed = true;
    } else this.status.say(words.overSocketAgain);
  }

  idle() {
    this.status.badge(words.notConnected, "", "off");
    this.status.say(words.idle);
  }

  connecting() {
    if (this.#overHttp) return;
    this.status.badge(words.connectingBadge, "", "wait");
    this.status.say(words.connecting);
    // What was said of a passing trouble stands until it has passed: it would come and go with every try.
    if (isFinal(this.socket.code ?? 0)) this.#clear();
  }

  ready() {
    this.#wasReady = true;
    this.#clear();
    this.status.badge(words.connectedBadge, "", "on");
    this.status.say(words.ready);
  }

  /** The network is back: what was so before is so again. */
  #back() {
    if (this.#overHttp) return this.overHttp(true);
    this.#clear();
    if (this.#served) this.#show(this.#served);
    else this[this.socket.state]();
  }

  waiting() {
    if (this.#overHttp) return;
    this.#served = null;
    this.status.badge(words.notConnected, "", "wait");
    if (navigator.onLine) this.showClosed(this.socket.code ?? 1006, this.socket.reason);
    else this.#offline();
    if (!this.#wasReady) this.#checkSignedIn();
  }

  closed() {
    this.#served = null;
    this.status.badge(words.notConnected, "", "off");
    this.showClosed(this.socket.code ?? 1006, this.socket.reason);
    if (this.takenOver) this.status.say(words.following);
  }

  /** @param {number} code @param {string} [reason] what the server said with it */
  showClosed(code, reason = "") {
    const notice = closeNotice(code, reason);
    /** @type {Record<string, () => void>} */
    const acts = {
      retry: () => this.socket.connect(),
      reload: () => location.reload(),
      login: () => location.assign(`${this.urls.login}?next=${encodeURIComponent(location.pathname)}`),
      new: () => location.assign(this.urls.chat),
    };
    this.status.notice(notice, acts[notice.action ?? "retry"]);
    this.#noticed = true;
    this.status.say(notice.text);
  }

  #offline() {
    this.status.notice(offlineNotice);
    this.status.tone("wait"); // who served may serve again, and serves nobody now
    this.status.say(words.offline);
    this.#noticed = true;
  }

  #clear() {
    if (this.#noticed) this.status.clearNotice();
    this.#noticed = false;
  }

  /** A refused handshake looks like a lost network; only the record can tell that the sign-in has ended. */
  #checkSignedIn() {
    this.api.conversations(null).catch((error) => {
      if (error instanceof ApiError && error.status === 401) this.socket.stop(SIGNED_OUT);
    });
  }

  /** @param {import("../wire/protocol.js").LiveEvent} event */
  take(event) {
    if (event.type === "climbing") {
      this.status.tone("wait");
      this.status.say(words.climbing);
    } else if (event.type === "served") {
      this.#served = event.served;
      this.#show(event.served);
      if (event.served.from) this.status.say(fellBack(event.served));
    } else if (event.type === "failure") {
      if (this.#served) this.status.tone("stop");
      else this.status.badge(words.notServed, "", "stop");
      this.status.say(event.failure.message);
    } else if (event.type === "goAway") this.status.say(words.goingAway);
    else if (event.type === "turnComplete" && this.#served) this.#show(this.#served);
  }

  /** @param {import("../wire/protocol.js").Served} served */
  #show({ transport, model, lost }) {
    this.status.badge(transport, model, lost.length ? "less" : "on");
    this.status.say(servedBy(transport, model, lost));
  }
}

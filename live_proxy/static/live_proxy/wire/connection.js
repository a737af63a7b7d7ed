// @ts-check
/** One WebSocket: says its set-up, and treats a server that is silent where it owes an answer as gone. */

import { Deadline } from "../foundation/deadline.js";
import { SETUP_DEADLINE } from "./backoff.js";

const GONE = 1006;

export class Connection {
  opened = false;
  #over = false;
  #patience = 0;
  /** The backlog when the deadline was set. */
  #waited = 0;
  #deadline = new Deadline(() => this.#overdue());

  /**
   * @param {URL} address
   * @param {string} setup the first message
   * @param {(frame: string|ArrayBuffer) => void} received
   * @param {(code: number, reason: string) => void} closed called once, and not after `close`
   */
  constructor(address, setup, received, closed) {
    this.closed = closed;
    this.socket = new WebSocket(address, ["live-proxy.v1"]);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.opened = true;
      this.socket.send(setup);
    };
    this.socket.onmessage = ({ data }) => this.#over || received(data);
    this.socket.onclose = ({ code, reason }) => this.#end(code, reason);
    this.expect(SETUP_DEADLINE);
  }

  /** Bytes that wait in the browser. */
  get backlog() {
    return this.socket.bufferedAmount;
  }

  /** @param {string} message */
  send(message) {
    this.socket.send(message);
  }

  /** @param {number} milliseconds within which the server owes something */
  expect(milliseconds) {
    this.#patience = milliseconds;
    this.#waited = this.backlog;
    this.#deadline.set(milliseconds);
  }

  /** The server owes nothing. */
  satisfied() {
    this.#deadline.clear();
  }

  /** It takes nothing any more. */
  giveUp() {
    this.#end(GONE);
  }

  /** A goodbye: the person wants no more of it. */
  close() {
    this.#leave(1000);
  }

  /** A server owes nothing for what has not reached it: a slow line may take its time over a large message. */
  #overdue() {
    if (this.backlog < this.#waited) this.expect(this.#patience);
    else this.#end(GONE);
  }

  /** @param {number} code @param {string} [reason] */
  #end(code, reason = "") {
    if (this.#over) return;
    this.#leave(); // no goodbye: a server that is there after all finishes for the record what it was asked
    this.closed(code, reason);
  }

  /** @param {number} [code] */
  #leave(code) {
    this.#over = true;
    this.#deadline.clear();
    this.socket.close(code);
  }
}

// @ts-check
/** Live sound and pictures on their way up: what the network does not take in time is left out, not sent late. Fires
 *  `change` when it begins or ceases to lose sound. */

/** Bytes of sound that may wait in the browser: one and a half seconds of it. */
const SOUND = 64 * 1024;
/** A picture is much larger than a frame of sound, so it goes only where hardly anything waits. */
const PICTURE = 8 * 1024;
/** Milliseconds for which a full connection took nothing at all, after which it is dead. */
const DEAD = 5000;
/** Milliseconds without a loss, after which the network keeps up again. */
const CALM = 3000;

export class Uplink extends EventTarget {
  /** Whether sound is being lost. */
  behind = false;
  /** Bytes in front of the sound: a picture, or a typed message with its files, is not held against it. */
  #ahead = 0;
  /** The backlog as it was last left. */
  #seen = 0;
  #fullSince = 0;
  #lostAt = 0;

  /** @param {import("./socket.js").LiveSocket} socket @param {() => number} now milliseconds */
  constructor(socket, now = () => performance.now()) {
    super();
    this.socket = socket;
    this.now = now;
    socket.addEventListener("state", () => this.#reset());
  }

  /** @param {string} message @returns {boolean} whether it goes out */
  sound(message) {
    const { socket } = this;
    const now = this.now();
    this.#look();
    if (socket.backlog <= SOUND + this.#ahead) {
      this.#fullSince = 0;
      if (this.behind && now - this.#lostAt > CALM) this.#is(false);
      const sent = socket.sendNow(message);
      this.#seen = socket.backlog;
      return sent;
    }
    if (socket.state !== "ready") return false;
    this.#fullSince ||= now;
    this.#lostAt = now;
    if (now - this.#fullSince > DEAD) socket.giveUp();
    else this.#is(true);
    return false;
  }

  /** @param {string} message @returns {boolean} whether it goes out */
  picture(message) {
    this.#look();
    return this.socket.backlog <= PICTURE && this.socket.sendNow(message);
  }

  /** What has come in between is no sound; what has gone went from the front. */
  #look() {
    const { backlog } = this.socket;
    if (backlog < this.#seen) this.#fullSince = 0;
    this.#ahead = Math.max(0, this.#ahead + backlog - this.#seen);
    this.#seen = backlog;
  }

  #reset() {
    this.#ahead = this.#seen = 0;
    this.#fullSince = 0;
    this.#is(false);
  }

  /** @param {boolean} behind */
  #is(behind) {
    if (this.behind === behind) return;
    this.behind = behind;
    this.dispatchEvent(new CustomEvent("change"));
  }
}

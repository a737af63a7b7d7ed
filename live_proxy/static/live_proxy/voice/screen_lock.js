// @ts-check
/** Keeps the screen on while somebody talks: a phone that falls asleep would end the sound. */

export class ScreenLock {
  #wanted = false;
  /** @type {WakeLockSentinel|null} */
  #lock = null;

  constructor() {
    // The browser takes the lock away when the page is hidden.
    document.addEventListener("visibilitychange", () => document.hidden || this.#ask());
  }

  take() {
    this.#wanted = true;
    this.#ask();
  }

  release() {
    this.#wanted = false;
    this.#lock?.release().catch(() => {});
    this.#lock = null;
  }

  async #ask() {
    if (!this.#wanted) return;
    const lock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (this.#wanted && lock) this.#lock = lock;
    else lock?.release().catch(() => {});
  }
}

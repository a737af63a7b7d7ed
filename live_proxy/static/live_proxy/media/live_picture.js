// @ts-check
/** The camera or the screen, one picture a second while the person talks. Fires `picture` and `ended`. */

import { base64Of, drawn } from "./picture.js";

/** Milliseconds between two pictures: the Live API looks at one a second. */
const EVERY = 1000;
const LONGEST = 768;
const QUALITY = 0.7;

/** @typedef {"camera"|"screen"} Source */
/** @typedef {"denied"|"no_camera"|"no_screen"|"insecure"} PictureTrouble */

export class PictureError extends Error {
  /** @param {PictureTrouble} trouble */
  constructor(trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

export class LivePicture extends EventTarget {
  /** @type {Source|null} */
  source = null;
  /** Whether pictures are held back, because nobody can see them. */
  paused = false;
  #timer = 0;
  #asked = 0;

  /** @param {HTMLVideoElement} preview */
  constructor(preview) {
    super();
    this.preview = preview;
  }

  /** @param {Source} source @returns {Promise<boolean>} false where it was given up meanwhile. Throws `PictureError`. */
  async show(source) {
    const asked = ++this.#asked;
    if (!isSecureContext || !navigator.mediaDevices) throw new PictureError("insecure");
    let stream;
    try {
      stream = await (source === "camera"
        ? navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: { ideal: "environment" } } })
        : navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 5 } } }));
    } catch (error) {
      throw new PictureError(/** @type {Error} */ (error).name === "NotAllowedError" ? "denied" : `no_${source}`);
    }
    if (asked !== this.#asked) {
      for (const track of stream.getTracks()) track.stop();
      return false;
    }
    this.#letGo();
    this.source = source;
    this.preview.srcObject = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => this.preview.srcObject === stream && this.hide());
    await this.preview.play().catch(() => {});
    if (asked !== this.#asked) return false;
    this.#timer = setInterval(() => this.#take(), EVERY);
    return true;
  }

  hide() {
    this.#asked += 1;
    if (!this.source) return;
    this.#letGo();
    this.dispatchEvent(new CustomEvent("ended"));
  }

  #letGo() {
    clearInterval(this.#timer);
    const stream = /** @type {MediaStream|null} */ (this.preview.srcObject);
    for (const track of stream?.getTracks() ?? []) track.stop();
    this.preview.srcObject = null;
    this.source = null;
  }

  async #take() {
    const { videoWidth, videoHeight } = this.preview;
    if (this.paused || !videoWidth || !videoHeight) return;
    const canvas = drawn(this.preview, videoWidth, videoHeight, LONGEST);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    const data = await base64Of(blob);
    if (this.source && !this.paused) this.dispatchEvent(new CustomEvent("picture", { detail: data }));
  }
}

// @ts-check
/** Pictures as the Live API takes them: scaled down, JPEG or PNG, as base64. */

import { element } from "../foundation/dom.js";
import { words } from "../language/words.js";
import { toBase64 } from "../voice/pcm.js";

/** Longest edge of a picture that is attached, in pixels. */
const LONGEST = 1536;
const QUALITY = 0.85;
/** Bytes; what the service takes in one message is a little more. */
export const LARGEST = 2 * 1024 * 1024;

/** @typedef {import("../wire/setup_message.js").Media} Media */

/** @param {Blob} blob @returns {Promise<string>} */
export const base64Of = async (blob) => toBase64(new Uint8Array(await blob.arrayBuffer()));

/** @param {CanvasImageSource} source @param {number} width @param {number} height @param {number} longest */
export function drawn(source, width, height, longest) {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const drawing = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  drawing.fillStyle = "#fff"; // what is transparent would become black
  drawing.fillRect(0, 0, canvas.width, canvas.height);
  drawing.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** @param {File} file @returns {Promise<Media>} Throws where it is no picture that this browser can read. */
export async function pictureFrom(file) {
  const bitmap = await createImageBitmap(file);
  try {
    const canvas = drawn(bitmap, bitmap.width, bitmap.height, LONGEST);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    return { mimeType: "image/jpeg", data: await base64Of(blob) };
  } finally {
    bitmap.close();
  }
}

/** @param {Media} media @returns {HTMLElement} */
export function pictureOf({ mimeType, data }) {
  if (!mimeType.startsWith("image/")) return element("span", { class: "attached" }, mimeType);
  return element("img", { class: "picture", src: `data:${mimeType};base64,${data}`, alt: words.attachedPicture });
}

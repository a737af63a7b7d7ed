// @ts-check
/** Sound as bytes and back: 16 bit, little endian, mono, as the Live API takes and gives it. Pure. */

const LOUDEST = 32_767;
const PIECE = 8192;

/** @param {Float32Array} samples from -1 to 1 @returns {Int16Array<ArrayBuffer>} */
export function toPcm(samples) {
  const pcm = new Int16Array(samples.length);
  for (let at = 0; at < samples.length; at += 1) {
    pcm[at] = Math.max(-1, Math.min(1, samples[at])) * LOUDEST;
  }
  return pcm;
}

/** @param {Uint8Array} bytes a byte too many is left out @returns {Int16Array<ArrayBuffer>} */
export function fromBytes(bytes) {
  const pcm = new Int16Array(bytes.length >> 1);
  for (let at = 0; at < pcm.length; at += 1) pcm[at] = bytes[2 * at] | (bytes[2 * at + 1] << 8);
  return pcm;
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  if (bytes.toBase64) return bytes.toBase64();
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

/** @param {string} text Throws where it is no base64. @returns {Uint8Array<ArrayBuffer>} */
export function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {ArrayLike<number>} samples from -1 to 1 @returns how loud it seems, 0 to 1: 60 dB above silence are all of it */
export function loudness(samples) {
  let sum = 0;
  for (let at = 0; at < samples.length; at += 1) sum += samples[at] ** 2;
  const decibels = 10 * Math.log10(sum / (samples.length || 1) + 1e-12);
  return Math.max(0, Math.min(1, (decibels + 60) / 60));
}

/** @param {string} mimeType such as audio/pcm;rate=24000 @returns samples a second, 0 for what is no plain sound */
export function rateOf(mimeType) {
  if (!/^audio\/(?:pcm|l16)\b/i.test(mimeType)) return 0;
  return Number(/;\s*rate=(\d{4,6})\b/i.exec(mimeType)?.[1] ?? 24_000);
}

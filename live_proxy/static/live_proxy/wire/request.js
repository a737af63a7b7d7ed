// @ts-check
/** One request to the service, and what its refusal says. */

import { object, text } from "../foundation/shape.js";

const LONGEST_WAIT = 300; // seconds
const PATIENCE = 60_000; // milliseconds for an answer and all of its body; who brings a signal has patience of their own

export class ApiError extends Error {
  /** @param {number} status 0: the network @param {string} [sentence] the service's own, for people
   *  @param {number} [wait] milliseconds after which it may be asked again */
  constructor(status, sentence = "", wait = 0) {
    super(`HTTP ${status}`);
    this.status = status;
    this.sentence = sentence;
    this.wait = wait;
  }
}

/** @param {string} address @param {RequestInit} [more] @returns {Promise<Response>} */
export async function request(address, more = {}) {
  let answer;
  try {
    const usual = { headers: { Accept: "application/json" }, credentials: /** @type {const} */ ("same-origin") };
    answer = await fetch(address, { ...usual, signal: AbortSignal.timeout(PATIENCE), ...more });
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") throw error;
    throw new ApiError(0);
  }
  if (!answer.ok) throw new ApiError(answer.status, await sentenceOf(answer), waitOf(answer));
  return answer;
}

/** @param {Response} answer Some minutes at most: people are not kept waiting for longer without a word. */
const waitOf = (answer) => Math.min(Number(answer.headers.get("Retry-After")) || 0, LONGEST_WAIT) * 1000;

/** @param {Response} answer */
async function sentenceOf(answer) {
  try {
    return text(object(object(await answer.json()).error).message);
  } catch {
    return "";
  }
}

/** @param {string} address */
export const get = (address) => send(address, "GET");

/** Signing in, in whatever tab, changes the token: the cookie has the one of now, the page the one of when it was made. */
function csrfToken() {
  const kept = document.cookie.split("; ").find((cookie) => cookie.startsWith("csrftoken="));
  const made = document.querySelector("[name=csrfmiddlewaretoken]");
  return kept?.slice("csrftoken=".length) ?? (made instanceof HTMLInputElement ? made.value : "");
}

/** @param {string} method @param {unknown} body @returns {RequestInit} */
export function changing(method, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  return { method, headers, body: JSON.stringify(body) };
}

/** @param {string} address @param {"GET"|"PUT"|"POST"|"PATCH"|"DELETE"} method @param {unknown} [body]
 *  @returns {Promise<any>} null where the answer is empty */
export async function send(address, method, body) {
  const answer = await request(address, method === "GET" ? {} : changing(method, body));
  return answer.status === 204 ? null : answer.json();
}

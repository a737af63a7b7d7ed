// @ts-check
/** The record over HTTP. */

export class ApiError extends Error {
  /** @param {number} status 0: the network */
  constructor(status) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** @param {string} address @param {RequestInit} [more] @returns {Promise<Response>} */
async function request(address, more = {}) {
  let answer;
  try {
    answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin", ...more });
  } catch {
    throw new ApiError(0);
  }
  if (!answer.ok) throw new ApiError(answer.status);
  return answer;
}

/** @param {string} address */
const get = async (address) => (await request(address)).json();

/** @param {string} method @param {unknown} body @returns {RequestInit} */
function changing(method, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token instanceof HTMLInputElement ? token.value : "" };
  return { method, headers, body: JSON.stringify(body) };
}

/** @param {string} address @param {"GET"|"PUT"} method @param {unknown} [body] @returns {Promise<any>} */
export const send = async (address, method, body) =>
  (await request(address, method === "GET" ? {} : changing(method, body))).json();

/**
 * @typedef {{id: string, title: string, family: string, created_at: string, updated_at: string}} ConversationRow
 * @typedef {{id: string, client_id: string|null, position: number, role: "user"|"model"|"tool", modality: string,
 *   text: string, parts: any[], transport: string, model: string, status: string, first_output_ms: number|null}} MessageRow
 */

export class Api {
  /** @param {string} base the address of the conversations */
  constructor(base) {
    this.base = base;
  }

  /** @param {string|null} before @returns {Promise<{conversations: ConversationRow[], next: string|null}>} */
  conversations(before) {
    return get(before ? `${this.base}?before=${encodeURIComponent(before)}` : this.base);
  }

  /** @param {string} conversation @param {{id: string, text: string, family: string}} typed @returns an event stream */
  ask(conversation, typed) {
    return request(`${this.base}${conversation}/messages/`, changing("POST", typed));
  }

  /** @param {string} conversation @param {number|null} after @returns {AsyncGenerator<MessageRow[]>} */
  async *messages(conversation, after) {
    let next = after;
    do {
      const query = next === null ? "" : `?after=${next}`;
      const page = await get(`${this.base}${conversation}/messages/${query}`);
      yield page.messages;
      next = page.next;
    } while (next !== null);
  }
}

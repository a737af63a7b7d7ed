import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { ApiError, request } from "../../static/live_proxy/wire/request.js";

const { fetch } = globalThis;
const { timeout } = AbortSignal;

afterEach(() => {
  globalThis.fetch = fetch;
  AbortSignal.timeout = timeout;
});

/** A network that never answers, until the request is given up. */
const never = (_, { signal }) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));

test("a request that nobody answers is given up", async () => {
  const asked = [];
  AbortSignal.timeout = (milliseconds) => {
    asked.push(milliseconds);
    return timeout.call(AbortSignal, 1);
  };
  globalThis.fetch = never;
  await assert.rejects(request("/x"), (error) => error instanceof ApiError && error.status === 0);
  assert.deepEqual(asked, [60_000]);
});

test("who brings a signal is told of their own end", async () => {
  const mine = new AbortController();
  globalThis.fetch = never;
  const answer = request("/x", { signal: mine.signal });
  mine.abort();
  await assert.rejects(answer, { name: "AbortError" });
});

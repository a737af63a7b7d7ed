import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "../../static/live_proxy/wire/limits.js";

const LIMITS = { typed: 200_000, plain: 256 * 1024, media: 3 * 1024 * 1024 };
const picture = (length) => ({ mimeType: "image/jpeg", data: "x".repeat(length) });

for (const [what, typed, may] of [
  ["a word", { text: "hello", media: [] }, true],
  ["nothing but a picture", { text: "", media: [picture(1000)] }, true],
  ["too many characters", { text: "x".repeat(200_001), media: [] }, false],
  ["few characters of many bytes", { text: "語".repeat(90_000), media: [] }, false],
  ["what grows on the wire", { text: '"\n'.repeat(70_000), media: [] }, false],
  ["two documents that fit each alone", { text: "both", media: [picture(2_000_000), picture(2_000_000)] }, false],
  ["one of them", { text: "one", media: [picture(2_000_000)] }, true],
]) {
  test(`${what}: ${may ? "fits" : "does not fit"}`, () => assert.equal(fits(typed, LIMITS), may));
}

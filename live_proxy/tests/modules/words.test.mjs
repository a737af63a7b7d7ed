import assert from "node:assert/strict";
import { test } from "node:test";
import { fellBack, servedBy } from "../../static/live_proxy/language/served_words.js";

test("what is lost is listed as a sentence lists it, in the page's language", () => {
  assert.equal(servedBy("sdk", "m", []), "m over sdk");
  assert.equal(servedBy("sdk", "m", ["audio_in"]), "m over sdk, without voice");
  assert.equal(servedBy("sdk", "", ["audio_in", "audio_out"]), "Connected over sdk, without voice and spoken answers");
  const lost = ["audio_in", "video_in", "something_new"];
  const moved = { from: "websocket", transport: "sdk", reason: "", lost };
  assert.equal(fellBack(moved), "Moved from websocket to sdk, without voice, video, and something new.");
  globalThis.document = { documentElement: { lang: "de" } };
  assert.equal(servedBy("sdk", "m", lost), "m over sdk, without voice, video und something new");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { url } from "../../static/live_proxy/thread/bare_links.js";
import { Marked } from "../../static/live_proxy/vendor/marked.js";

const marked = new Marked({ tokenizer: { url } });
const links = (text) => [...marked.parse(text).matchAll(/<a href="([^"]*)">/g)].map(([, address]) => decodeURI(address));

for (const [text, ...addresses] of [
  ["See https://example.com/a?b=c#d, and https://example.org.", "https://example.com/a?b=c#d", "https://example.org"],
  ["“https://example.com”", "https://example.com"],
  ["„https://example.com/a.“ « www.example.com/b» ‘https://c.example’", "https://example.com/a", "http://www.example.com/b", "https://c.example"],
  ["It is https://example.com’s page", "https://example.com"],
  ["見る：https://example.com/東京。次は「https://example.org」です、", "https://example.com/東京", "https://example.org"],
  ["（https://example.com/a）と（https://ja.example/猫_（動物））", "https://example.com/a", "https://ja.example/猫_（動物）"],
  ["“someone@example.com”", "mailto:someone@example.com"],
  ["“[here](https://example.com/”)” <https://example.com/”>", "https://example.com/”", "https://example.com/”"],
  ["https://”"],
]) {
  test(text, () => assert.deepEqual(links(text), addresses));
}

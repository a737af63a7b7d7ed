import assert from "node:assert/strict";
import { test } from "node:test";
import { closeNotice, final } from "../../static/live_proxy/language/close_words.js";
import { filled } from "../../static/live_proxy/language/gettext.js";
import { isFinal } from "../../static/live_proxy/wire/close_codes.js";
import { EventLines } from "../../static/live_proxy/wire/event_lines.js";

test("every close after which the page stays away has words and a way on", () => {
  for (let code = 1000; code < 5000; code += 1) {
    assert.equal(code in final, isFinal(code), `${code}`);
    assert.ok(closeNotice(code).text && closeNotice(code).label);
  }
});

test("server-sent events may be cut anywhere", () => {
  const text = 'data: {"a": 1}\n\n: a comment\n\ndata: {"b": 2}\n\ndata: {"c"';
  const lines = new EventLines();
  assert.deepEqual([...text].flatMap((letter) => lines.feed(letter)), ['{"a": 1}', '{"b": 2}']);
});

test("places of a text are filled once, and unknown ones stay", () => {
  assert.equal(filled("%(a)s and %(b)s", { a: "%(b)s", b: 2 }), "%(b)s and 2");
  assert.equal(filled("%(gone)s", {}), "%(gone)s");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { apart, withFiles } from "../../static/live_proxy/media/text_files.js";

for (const [what, said, files] of [
  ["words alone", "hello\n\nthere", []],
  ["a file alone", "", [{ name: "notes.txt", text: "one\ntwo\n" }]],
  ["words and two files", "compare", [{ name: "a.py", text: "x = 1" }, { name: "b: c.md", text: "# y\n\n- z" }]],
  ["a file with fences in it", "read", [{ name: "readme.md", text: "```js\n1\n```\n\n`````\n\nend" }]],
  ["an empty line at each end", "so", [{ name: "n", text: "\n\nmiddle\n\n" }]],
]) {
  test(`${what} come apart as they were put together`, () => assert.deepEqual(apart(withFiles(said, files)), { said, files }));
}

test("a fence that a person wrote is theirs", () => {
  const text = "look:\n```\ncode\n```";
  assert.deepEqual(apart(text), { said: text, files: [] });
});

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

for (const text of [
  "in a line before:\nnotes:\n````\n1\n````",
  "notes:\n````\n````",
  "notes:\n````\n1\n`````",
  "notes:\n````\n1\n````\nand more",
  `${"x".repeat(256)}:\n\`\`\`\`\n1\n\`\`\`\``,
]) {
  test(`what nobody put together stays: ${JSON.stringify(text.slice(-40))}`, () => assert.deepEqual(apart(text), { said: text, files: [] }));
}

test("what stands around a file stays as it was", () => {
  const file = "n:\n````\n1\n````";
  const files = [{ name: "n", text: "1" }];
  assert.deepEqual(apart(`so\n\n\n${file}\n\n\nend`), { said: "so\n\n\n\nend", files });
});

for (const [what, text] of [
  ["fences that never close", "\n\na:\n````\nx".repeat(40_000)],
  ["lines", `${"\n".repeat(400_000)}\n\n${withFiles("", [{ name: "n", text: "1" }])}`],
]) {
  test(`a text of many ${what} is read in a moment`, () => {
    const from = performance.now();
    apart(text);
    assert.ok(performance.now() - from < 3000);
  });
}

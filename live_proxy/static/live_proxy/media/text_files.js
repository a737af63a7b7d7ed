// @ts-check
/** Files of text within a message: they travel as what a model reads best, a name and a fence, and are shown as files. Pure. */

/** @typedef {{name: string, text: string}} TextFile */

const FENCE = 4;
const FILES = /(?:^|\n\n)([^\n]{1,255}):\n(`{4,})\n([^]*?)\n\2(?=\n\n|$)/g;

/** @param {string} said @param {TextFile[]} files */
export const withFiles = (said, files) => [said, ...files.map(fenced)].filter(Boolean).join("\n\n");

/** @param {TextFile} file The fence is longer than any in it. */
function fenced({ name, text }) {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(FENCE, longest + 1));
  return `${name}:\n${fence}\n${text}\n${fence}`;
}

/** @param {string} text @returns {{said: string, files: TextFile[]}} what `withFiles` put together */
export function apart(text) {
  const files = [...text.matchAll(FILES)].map(([, name, , content]) => ({ name, text: content }));
  return { said: text.replaceAll(FILES, "").trim(), files };
}

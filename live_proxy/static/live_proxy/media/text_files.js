// @ts-check
/** Files of text within a message: they travel as what a model reads best, a name and a fence, and are shown as files. Pure. */

/** @typedef {{name: string, text: string}} TextFile */

const SHORTEST = 4;
const FENCE = /^`{4,}$/;
const LONGEST_NAME = 255;

/** @param {string} said @param {TextFile[]} files */
export const withFiles = (said, files) => [said, ...files.map(fenced)].filter(Boolean).join("\n\n");

/** @param {TextFile} file The fence is longer than any in it. */
function fenced({ name, text }) {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(SHORTEST, longest + 1));
  return `${name}:\n${fence}\n${text}\n${fence}`;
}

/** @param {string} text @returns {{said: string, files: TextFile[]}} what `withFiles` put together */
export function apart(text) {
  const lines = text.split("\n");
  const closing = closings(lines);
  /** @type {string[][]} */
  const said = [];
  const files = [];
  let from = 0;
  for (let at = 0; at < lines.length; at += 1) {
    const name = nameAt(lines, at);
    const end = name ? closing(lines[at + 1], at + 3) : undefined;
    if (!end) continue;
    files.push({ name, text: lines.slice(at + 2, end).join("\n") });
    said.push(lines.slice(from, Math.max(from, at - 1)));
    from = end + 1;
    at = end;
  }
  return { said: [...said, lines.slice(from)].flat().join("\n").trim(), files };
}

/** @param {string[]} lines @param {number} at @returns {string} of a file that may begin here: at the top, or after an empty line */
function nameAt(lines, at) {
  const line = lines[at];
  const apart = at === 0 || (at > 1 && lines[at - 1] === "");
  return apart && line.endsWith(":") && line.length <= LONGEST_NAME + 1 ? line.slice(0, -1) : "";
}

/** Each line is looked at once: a text of many fences that never close would else be searched to its end for each of them.
 *  @param {string[]} lines
 *  @returns {(fence: string, from: number) => number|undefined} the next line that closes such a fence; `from` only grows */
function closings(lines) {
  const last = lines.length - 1;
  /** @type {Map<string, number[]>} the last line first */
  const found = new Map();
  for (let at = last; at > 0; at -= 1) {
    if (!FENCE.test(lines[at]) || (at !== last && (lines[at + 1] !== "" || at + 1 === last))) continue;
    const same = found.get(lines[at]);
    if (same) same.push(at);
    else found.set(lines[at], [at]);
  }
  return (fence, from) => {
    const left = found.get(fence) ?? [];
    while (left.length && left[left.length - 1] < from) left.pop();
    return left.at(-1);
  };
}

// @ts-check
/** Colours for code. The highlighter and each language are fetched when the first block of that kind is shown. */

/** Longer code stays plain: colouring it would be felt. */
const LONGEST = 50_000;
const CALM = 120; // milliseconds without a change, while an answer grows

/** @type {Record<string, () => Promise<{default: unknown}>>} */
const grammars = {
  bash: () => import("../vendor/highlight/bash.js"),
  c: () => import("../vendor/highlight/c.js"),
  cpp: () => import("../vendor/highlight/cpp.js"),
  csharp: () => import("../vendor/highlight/csharp.js"),
  css: () => import("../vendor/highlight/css.js"),
  diff: () => import("../vendor/highlight/diff.js"),
  dockerfile: () => import("../vendor/highlight/dockerfile.js"),
  go: () => import("../vendor/highlight/go.js"),
  ini: () => import("../vendor/highlight/ini.js"),
  java: () => import("../vendor/highlight/java.js"),
  javascript: () => import("../vendor/highlight/javascript.js"),
  json: () => import("../vendor/highlight/json.js"),
  kotlin: () => import("../vendor/highlight/kotlin.js"),
  lua: () => import("../vendor/highlight/lua.js"),
  makefile: () => import("../vendor/highlight/makefile.js"),
  markdown: () => import("../vendor/highlight/markdown.js"),
  php: () => import("../vendor/highlight/php.js"),
  python: () => import("../vendor/highlight/python.js"),
  r: () => import("../vendor/highlight/r.js"),
  ruby: () => import("../vendor/highlight/ruby.js"),
  rust: () => import("../vendor/highlight/rust.js"),
  sql: () => import("../vendor/highlight/sql.js"),
  swift: () => import("../vendor/highlight/swift.js"),
  typescript: () => import("../vendor/highlight/typescript.js"),
  xml: () => import("../vendor/highlight/xml.js"),
  yaml: () => import("../vendor/highlight/yaml.js"),
};

/** @type {Record<string, string>} What people write after the fence. */
const aliases = {
  "c++": "cpp",
  "c#": "csharp",
  cs: "csharp",
  docker: "dockerfile",
  golang: "go",
  h: "c",
  html: "xml",
  js: "javascript",
  jsx: "javascript",
  kt: "kotlin",
  make: "makefile",
  md: "markdown",
  mjs: "javascript",
  py: "python",
  rb: "ruby",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  svg: "xml",
  toml: "ini",
  ts: "typescript",
  tsx: "typescript",
  yml: "yaml",
  zsh: "bash",
};

/** @param {string} language @returns {Promise<any>} the highlighter, which knows the language now */
async function highlighter(language) {
  const [core, grammar] = await Promise.all([import("../vendor/highlight/core.js"), grammars[language]()]);
  const { default: hljs } = /** @type {any} */ (core);
  if (!hljs.getLanguage(language)) hljs.registerLanguage(language, grammar.default);
  return hljs;
}

/** @param {HTMLElement} code @param {string} named @param {(html: string) => Node} cleaned Without a grammar it stays plain. */
export function highlight(code, named, cleaned) {
  const language = aliases[named.toLowerCase()] ?? named.toLowerCase();
  const source = code.textContent ?? "";
  if (!Object.hasOwn(grammars, language) || source.length > LONGEST) return;
  setTimeout(async () => {
    if (!code.isConnected) return; // the answer has grown on
    try {
      const hljs = await highlighter(language);
      if (code.isConnected) code.replaceChildren(cleaned(hljs.highlight(source, { language, ignoreIllegals: true }).value));
    } catch {
      // It stays as it is: readable.
    }
  }, CALM);
}

// Copies the libraries that the page carries from node_modules to the static files, as they are but for source maps.
// Run by `npm run vendor` after a version in package.json changed.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const TARGET = "live_proxy/static/live_proxy/vendor";
const LANGUAGES = (
  "bash c cpp csharp css diff dockerfile go ini java javascript json kotlin lua makefile markdown " +
  "php python r ruby rust sql swift typescript xml yaml"
).split(" ");
const FILES = {
  "marked.js": "marked/lib/marked.esm.js",
  "purify.js": "dompurify/dist/purify.es.mjs",
  "highlight/core.js": "@highlightjs/cdn-assets/es/core.min.js",
  ...Object.fromEntries(
    LANGUAGES.map((name) => [`highlight/${name}.js`, `@highlightjs/cdn-assets/es/languages/${name}.min.js`]),
  ),
};

mkdirSync(`${TARGET}/highlight`, { recursive: true });
for (const [file, source] of Object.entries(FILES)) {
  const text = readFileSync(`node_modules/${source}`, "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
  writeFileSync(`${TARGET}/${file}`, `// @ts-nocheck\n${text}`);
}

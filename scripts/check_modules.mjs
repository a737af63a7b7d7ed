// Parses each file named as an ES module without running it; `node --check` guesses the kind of a file by its name.
import { readFileSync } from "node:fs";
import { SourceTextModule } from "node:vm";

let broken = 0;
for (const path of process.argv.slice(2)) {
  try {
    new SourceTextModule(readFileSync(path, "utf8"), { identifier: path });
  } catch (error) {
    broken += 1;
    console.error(`${path}: ${error.message}`);
  }
}
process.exitCode = broken ? 1 : 0;

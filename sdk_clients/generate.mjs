// @ts-check
/** One HTTP call of Google's JavaScript SDK, as a line of JSON says; its answer is printed, a line each. */

import { text } from "node:stream/consumers";

import { options } from "./options.mjs";
import { GoogleGenAI } from "@google/genai";

/** @param {object} event */
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const wanted = JSON.parse(await text(process.stdin));
const { models } = new GoogleGenAI(options(wanted));
try {
  switch (wanted.do) {
    case "generateContentStream":
      for await (const chunk of await models.generateContentStream(wanted.with)) tell({ event: "chunk", chunk, text: chunk.text });
      break;
    case "list":
      for await (const model of await models.list(wanted.with)) tell({ event: "model", model });
      break;
    case "generateContent":
      tell(await models.generateContent(wanted.with).then((answer) => ({ event: "answer", answer, text: answer.text })));
      break;
    case "countTokens":
      tell({ event: "answer", answer: await models.countTokens(wanted.with) });
      break;
    default:
      tell({ event: "answer", answer: await models.get(wanted.with) });
  }
} catch (error) {
  const { name, status, message } = /** @type {any} */ (error);
  tell({ event: "error", name, status, message });
}
process.exit(0);

// @ts-check
/**
 * One Live session of Google's JavaScript SDK, driven by lines of JSON: the first says how to connect, each further
 * one is a call. What the SDK tells its callbacks is printed, a line each. Ends with its input.
 */

import { createInterface } from "node:readline";

import { options } from "./options.mjs";
import { GoogleGenAI } from "@google/genai";

/** @param {object} event */
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const wanted = JSON.parse((await lines.next()).value);
setTimeout(() => process.exit(3), 60_000).unref();

const session = await new GoogleGenAI(options(wanted)).live.connect({
  model: wanted.model,
  config: wanted.config,
  callbacks: {
    onopen: () => tell({ event: "open" }),
    onmessage: (message) => tell({ event: "message", message }),
    onerror: (error) => tell({ event: "error", message: String(error?.message ?? error) }),
    onclose: ({ code, reason }) => tell({ event: "close", code, reason: String(reason) }),
  },
});
tell({ event: "connected" });

for await (const line of lines) {
  const call = JSON.parse(line);
  if (call.do === "close") session.close();
  else if (call.do === "sendClientContent") session.sendClientContent(call.with);
  else if (call.do === "sendRealtimeInput") session.sendRealtimeInput(call.with);
  else if (call.do === "sendToolResponse") session.sendToolResponse(call.with);
}
process.exit(0);

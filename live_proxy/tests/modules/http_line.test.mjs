import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpLine } from "../../static/live_proxy/wire/http_line.js";
import { Outbox } from "../../static/live_proxy/wire/outbox.js";

const WISHES = { family: "F", instruction: "Be brief.", voice: "", language: "", search: true };
const DONE = 'data: {"serverContent": {"turnComplete": true}}\n\n';

globalThis.addEventListener = () => {}; // the network does not change here

/** What a line needs of a socket that never opened. */
class Blocked extends EventTarget {
  state = "waiting";
  outbox = new Outbox();
  connect = () => {};
  place = { conversation: "c", exists: false };
  shape = { wishes: WISHES };
}

test("a message over HTTP says what the set-up of a socket would, as far as only this device knows it", async () => {
  const socket = new Blocked();
  const asked = [];
  const line = new HttpLine(socket, {
    conversations: async () => [],
    ask: async (conversation, typed) => asked.push({ conversation, typed }) && new Response(DONE),
  });
  socket.outbox.add({ id: "1", text: "hello", media: [] });
  const over = new Promise((resolve) => socket.addEventListener("live", resolve));
  socket.dispatchEvent(new CustomEvent("blocked"));
  await over;
  assert.equal(line.active, true);
  assert.deepEqual(asked, [{ conversation: "c", typed: { id: "1", text: "hello", family: "F", search: true } }]);
});

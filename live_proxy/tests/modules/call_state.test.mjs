import assert from "node:assert/strict";
import { test } from "node:test";
import { stateOf } from "../../static/live_proxy/voice/call_state.js";

const CALM = {
  begun: true,
  microphone: true,
  connected: true,
  connectedBefore: true,
  awake: true,
  unserved: false,
  heard: true,
  muted: false,
  silenced: false,
  sounding: false,
  awaiting: false,
};

for (const [state, change] of [
  ["listening", {}],
  ["ended", { begun: false }],
  ["connecting", { connected: false, connectedBefore: false }],
  ["muted", { microphone: false }],
  ["reconnecting", { connected: false }],
  ["reconnecting", { connected: false, sounding: true, muted: true }],
  ["muted", { muted: true }],
  ["silenced", { silenced: true }],
  ["muted", { silenced: true, muted: true }],
  ["speaking", { silenced: true, sounding: true }],
  ["thinking", { awaiting: true }],
  ["thinking", { awaiting: true, muted: true }],
  ["speaking", { sounding: true, awaiting: true }],
  ["speaking", { sounding: true, muted: true }],
  ["asleep", { awake: false, sounding: true }],
  ["reconnecting", { connected: false, awake: false }],
  ["unserved", { unserved: true, muted: true }],
  ["speaking", { unserved: true, sounding: true }],
  ["deaf", { heard: false }],
  ["deaf", { heard: false, microphone: false, awaiting: true }],
]) {
  test(`${state}: ${JSON.stringify(change)}`, () => assert.equal(stateOf({ ...CALM, ...change }), state));
}

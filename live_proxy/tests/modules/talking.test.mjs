import assert from "node:assert/strict";
import { test } from "node:test";
import { Answering } from "../../static/live_proxy/voice/answering.js";
import { Serving } from "../../static/live_proxy/voice/serving.js";
import { Speaker } from "../../static/live_proxy/voice/speaker.js";
import { Talking } from "../../static/live_proxy/voice/talking.js";

const made = (choice = {}) => {
  const sent = [];
  const socket = { sendNow: (message) => sent.push(message) };
  const uplink = { sound: (message) => sent.push(message) };
  const microphone = Object.assign(new EventTarget(), { mute() {} });
  const answering = new Answering(new Speaker(), () => {});
  const serving = Object.assign(new Serving(), { served: true });
  const chosen = () => ({ pushToTalk: false, halfDuplex: false, ...choice });
  const talking = new Talking(socket, uplink, microphone, answering, serving, chosen);
  const say = (level, milliseconds) => {
    for (let at = 0; at < milliseconds; at += 20) {
      microphone.dispatchEvent(new CustomEvent("frame", { detail: { data: "AAAA", level } }));
    }
  };
  return { talking, serving, answering, say, sent };
};

test("an answer is awaited when the person pauses, and not any more when they go on", () => {
  const { answering, say } = made();
  say(0.1, 500);
  say(0.8, 1000);
  assert.equal(answering.due, false);
  say(0.1, 600);
  assert.equal(answering.due, true);
  say(0.8, 200);
  assert.equal(answering.due, false);
  say(0.1, 600);
  assert.equal(answering.due, true);
  answering.settle(); // a timer would keep this process
});

test("sound goes out only while somebody serves, hears and nothing is muted", () => {
  const { talking, serving, say, sent } = made();
  say(0.5, 100);
  assert.equal(sent.length, 5);
  serving.served = false;
  say(0.5, 100);
  serving.served = true;
  serving.heard = false;
  say(0.5, 100);
  serving.heard = true;
  talking.muted = true;
  say(0.5, 100);
  assert.equal(sent.length, 5);
});

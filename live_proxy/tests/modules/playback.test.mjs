import assert from "node:assert/strict";
import { test } from "node:test";

const RATE = 24_000;
const QUANTUM = 128;

let Playback;
Object.assign(globalThis, {
  sampleRate: RATE,
  currentTime: 0,
  AudioWorkletProcessor: class {
    port = { postMessage: (message) => this.told.push(message) };
    told = [];
  },
  registerProcessor: (_name, made) => (Playback = made),
});
await import("../../static/live_proxy/voice/playback_worklet.js");

const milliseconds = (count) => new Int16Array((count * RATE) / 1000).fill(8192);

/** A loudspeaker, and what it says of itself while time goes by. */
class Played {
  playback = new Playback({});
  #from = currentTime;

  send(data) {
    this.playback.port.onmessage({ data });
  }

  push(count) {
    this.send({ pcm: milliseconds(count).buffer });
  }

  /** @param {number} count of milliseconds */
  run(count) {
    this.#from += count / 1000;
    while (currentTime < this.#from) {
      this.playback.process([], [[new Float32Array(QUANTUM)]]);
      globalThis.currentTime += QUANTUM / RATE;
    }
  }

  get flips() {
    return this.playback.told.flatMap(({ sounding }) => (sounding === undefined ? [] : [sounding]));
  }
}

test("an answer that comes with gaps sounds from its begin to its end", () => {
  const played = new Played();
  for (let at = 0; at < 100; at += 1) {
    played.push(40);
    played.run(60);
  }
  assert.deepEqual(played.flips, [true]);
  played.send({ end: true });
  played.run(300);
  assert.deepEqual(played.flips, [true, false]);
});

test("an answer of which no more comes is over after a while", () => {
  const played = new Played();
  played.push(100);
  played.run(300);
  assert.deepEqual(played.flips, [true]);
  played.run(400);
  assert.deepEqual(played.flips, [true, false]);
});

test("an interruption is told at once, in a gap as well", () => {
  for (const rest of [50, 500]) {
    const played = new Played();
    played.push(100 + rest);
    played.run(rest === 50 ? 300 : 100);
    played.send({ flush: true });
    played.run(20);
    assert.deepEqual(played.flips, [true, false]);
  }
});

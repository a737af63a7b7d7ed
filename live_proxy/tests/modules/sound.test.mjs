import assert from "node:assert/strict";
import { test } from "node:test";
import { JitterBuffer } from "../../static/live_proxy/voice/jitter_buffer.js";
import { fromBase64, fromBytes, loudness, rateOf, toBase64, toPcm } from "../../static/live_proxy/voice/pcm.js";
import { Resampler } from "../../static/live_proxy/voice/resampler.js";
import { SpeechWatch } from "../../static/live_proxy/voice/speech_watch.js";

const tone = (frequency, rate, seconds, loud = 0.5) =>
  Float32Array.from({ length: rate * seconds }, (_, at) => loud * Math.sin((2 * Math.PI * frequency * at) / rate));

const inPieces = (resampler, samples, size) => {
  const made = [];
  for (let at = 0; at < samples.length; at += size) made.push(...resampler.push(samples.subarray(at, at + size)));
  return Float32Array.from(made);
};

/** How strong one frequency is in the middle of a piece of sound. */
const strength = (samples, frequency, rate) => {
  let [sine, cosine] = [0, 0];
  const middle = samples.subarray(samples.length >> 2, (samples.length * 3) >> 2);
  middle.forEach((sample, at) => {
    sine += sample * Math.sin((2 * Math.PI * frequency * at) / rate);
    cosine += sample * Math.cos((2 * Math.PI * frequency * at) / rate);
  });
  return (2 * Math.hypot(sine, cosine)) / middle.length;
};

for (const rate of [48_000, 44_100, 96_000, 24_000]) {
  test(`speech from ${rate} Hz keeps its pitch and loudness at 16 kHz, and brings nothing false along`, () => {
    const heard = inPieces(new Resampler(rate, 16_000), tone(1000, rate, 1), 128);
    assert.ok(Math.abs(heard.length - 16_000) < 64, `${heard.length} samples`);
    assert.ok(Math.abs(strength(heard, 1000, 16_000) - 0.5) < 0.01);
    if (rate > 24_000) {
      const above = inPieces(new Resampler(rate, 16_000), tone(11_000, rate, 1), 128);
      assert.ok(strength(above, 5000, 16_000) < 0.005, "11 kHz must not come back as 5 kHz");
    }
  });
}

for (const rate of [48_000, 44_100]) {
  test(`an answer's 24 kHz at ${rate} Hz is the same in whatever pieces it comes`, () => {
    const sound = tone(440, 24_000, 0.5);
    const whole = inPieces(new Resampler(24_000, rate), sound, sound.length);
    const pieces = inPieces(new Resampler(24_000, rate), sound, 61);
    assert.ok(Math.abs(whole.length - pieces.length) <= 1);
    for (let at = 0; at < pieces.length; at += 97) assert.ok(Math.abs(whole[at] - pieces[at]) < 1e-4);
    assert.ok(Math.abs(strength(pieces, 440, rate) - 0.5) < 0.01);
  });
}

test("bytes of sound come back as they were", () => {
  const pcm = toPcm(Float32Array.of(0, 0.5, -0.5, 1, -1, 7));
  assert.deepEqual([...pcm], [0, 16_383, -16_383, 32_767, -32_767, 32_767]);
  assert.deepEqual([...fromBytes(new Uint8Array(pcm.buffer))], [...pcm]);
  assert.deepEqual([...fromBytes(Uint8Array.of(1, 2, 3))], [513]);
  const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => at);
  assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
  assert.throws(() => fromBase64("no base64 at all!"));
});

test("what is no plain sound is not played", () => {
  assert.equal(rateOf("audio/pcm;rate=24000"), 24_000);
  assert.equal(rateOf("audio/pcm; rate=16000"), 16_000);
  assert.equal(rateOf("audio/pcm"), 24_000);
  assert.equal(rateOf("audio/mpeg"), 0);
  assert.equal(rateOf("text/html"), 0);
});

test("loudness grows with the sound and stays between nothing and all", () => {
  const levels = [0, 0.001, 0.01, 0.1, 0.5, 1].map((loud) => loudness(tone(300, 16_000, 0.02, loud)));
  assert.equal(levels[0], 0);
  assert.deepEqual(levels, levels.toSorted((one, other) => one - other));
  assert.ok(levels.at(-1) > 0.9 && levels.at(-1) <= 1);
});

const steady = (length, value = 8192) => new Int16Array(length).fill(value);
const read = (buffer, length) => {
  const into = new Float32Array(length);
  return { sound: buffer.read(into), into };
};

test("playing waits for 40 ms, then has no gap", () => {
  const buffer = new JitterBuffer(1000);
  buffer.push(steady(30));
  assert.equal(read(buffer, 10).sound, 0);
  buffer.push(steady(30));
  assert.equal(read(buffer, 60).sound, 60);
  assert.equal(buffer.gaps, 0);
});

test("a short answer is played as soon as it is all there", () => {
  const buffer = new JitterBuffer(1000);
  buffer.push(steady(5));
  buffer.end();
  assert.equal(read(buffer, 10).sound, 5);
  assert.equal(buffer.gaps, 0);
});

test("after a gap more is waited for, up to a quarter of a second", () => {
  const buffer = new JitterBuffer(1000);
  for (const expected of [40, 80, 160, 240, 240]) {
    buffer.push(steady(expected - 1));
    assert.equal(read(buffer, 1).sound, 0, `${expected - 1} of ${expected} are too few`);
    buffer.push(steady(1));
    assert.equal(read(buffer, expected + 5).sound, expected);
  }
  assert.equal(buffer.gaps, 5);
});

test("an interruption is silent within some milliseconds, without a click, and the next answer plays", () => {
  const buffer = new JitterBuffer(24_000);
  buffer.push(steady(24_000));
  read(buffer, 480);
  buffer.flush();
  const { sound, into } = read(buffer, 240);
  assert.equal(sound, 0);
  assert.ok(into[0] > 0.1 && into[0] < 0.25, "fades");
  assert.ok(into.subarray(120).every((sample) => sample === 0));
  assert.equal(buffer.queued, 0);
  buffer.push(steady(2400));
  assert.equal(read(buffer, 480).sound, 480);
});

test("a flood is dropped and counted rather than kept", () => {
  const buffer = new JitterBuffer(1000);
  for (let minute = 0; minute < 20; minute += 1) buffer.push(steady(60_000));
  assert.equal(buffer.queued, 900_000);
  assert.equal(buffer.dropped, 300_000);
});

test("speech begins and ends, and a noisy room is not speech", () => {
  const watch = new SpeechWatch();
  const feed = (level, count) => Array.from({ length: count }, () => watch.feed(level, 20)).filter(Boolean);
  assert.deepEqual(feed(0.2, 50), []);
  assert.deepEqual(feed(0.7, 2), [], "a click");
  feed(0.2, 10);
  assert.deepEqual(feed(0.7, 30), ["began"]);
  assert.deepEqual(feed(0.2, 20), [], "a pause between words");
  feed(0.7, 5);
  assert.deepEqual(feed(0.2, 30), ["ended"]);
  const room = new SpeechWatch();
  for (let at = 0; at < 2000; at += 1) room.feed(0.45, 20);
  room.reset();
  assert.equal(room.feed(0.5, 200), "");
});

test("an answer at another rate is one sound, however it is cut", async () => {
  const told = [];
  globalThis.AudioWorkletNode = class {
    port = { postMessage: (message) => told.push(message) };
    connect = (target) => target;
  };
  globalThis.GainNode = class {
    connect = (target) => target;
  };
  const { Speaker } = await import("../../static/live_proxy/voice/speaker.js");
  const speaker = new Speaker();
  speaker.attach({});
  const pcm = toPcm(tone(440, 16_000, 0.5));
  for (let at = 0; at < pcm.length; at += 640) {
    speaker.play(toBase64(new Uint8Array(pcm.slice(at, at + 640).buffer)), "audio/pcm;rate=16000");
  }
  const heard = told.flatMap(({ pcm: buffer }) => [...new Int16Array(buffer)]);
  assert.ok(Math.abs(heard.length - 12_000) < 40, `${heard.length} samples`);
  const steady = heard.slice(20); // the filter has its first samples by then
  const steps = steady.slice(1).map((sample, at) => Math.abs(sample - steady[at]));
  assert.ok(Math.max(...steps) < 16_384 * 0.125, "440 Hz at half loudness moves by an eighth of it at most");
});

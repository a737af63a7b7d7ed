import assert from "node:assert/strict";
import { test } from "node:test";
import { Uplink } from "../../static/live_proxy/wire/uplink.js";

class Socket extends EventTarget {
  state = "ready";
  backlog = 0;
  sent = [];
  givenUp = 0;

  sendNow(message) {
    if (this.state !== "ready") return false;
    this.sent.push(message);
    this.backlog += message.length;
    return true;
  }

  giveUp() {
    this.givenUp += 1;
  }
}

const made = () => {
  const socket = new Socket();
  const clock = { now: 1 };
  const uplink = new Uplink(socket, () => clock.now);
  const told = [];
  uplink.addEventListener("change", () => told.push(uplink.behind));
  return { socket, clock, uplink, told };
};

test("sound that the network does not take in time is left out and told, until it keeps up again", () => {
  const { socket, clock, uplink, told } = made();
  const long = "a".repeat(70_000);
  assert.equal(uplink.sound(long), true);
  assert.equal(uplink.sound("b"), false);
  socket.backlog = 10;
  clock.now += 1000;
  assert.equal(uplink.sound("c"), true);
  assert.deepEqual(told, [true]);
  clock.now += 3000;
  uplink.sound("d");
  assert.deepEqual(told, [true, false]);
  assert.deepEqual(socket.sent, [long, "c", "d"]);
});

test("a picture is not held against the sound behind it, and waits for the last one", () => {
  const { socket, uplink, told } = made();
  const picture = "p".repeat(150_000);
  assert.equal(uplink.picture(picture), true);
  assert.equal(uplink.sound("s"), true);
  assert.equal(uplink.picture(picture), false);
  assert.deepEqual(told, []);
});

const FRAME = "f".repeat(900);

test("a connection that takes nothing for five seconds is given up; a slow one is not", () => {
  const { socket, clock, uplink } = made();
  for (let frame = 0; frame < 400; frame += 1) {
    clock.now += 20;
    socket.backlog = Math.max(0, socket.backlog - 100);
    uplink.sound(FRAME);
  }
  assert.equal(uplink.behind, true);
  assert.equal(socket.givenUp, 0);
  for (let frame = 0; frame < 300 && !socket.givenUp; frame += 1) {
    clock.now += 20;
    uplink.sound(FRAME);
  }
  assert.equal(socket.givenUp, 1);
});

test("a typed message with a large picture is awaited as long as some of it goes out, and no longer", () => {
  const { socket, clock, uplink } = made();
  socket.backlog = 2_000_000; // put there by whoever typed
  const frames = (count, taken) => {
    for (let frame = 0; frame < count && !socket.givenUp; frame += 1) {
      clock.now += 20;
      socket.backlog = Math.max(0, socket.backlog - taken);
      uplink.sound(FRAME);
    }
  };
  frames(60, 1000);
  assert.equal(uplink.behind, false);
  frames(940, 1000); // twenty seconds in all
  assert.equal(socket.givenUp, 0);
  assert.ok(socket.backlog <= 1_000_000 + 66_000, "no more sound waits than on a free line");
  frames(300, 0);
  assert.equal(socket.givenUp, 1);
});

test("sound that a picture has held up is not taken for what stands in front of it", () => {
  const { socket, clock, uplink } = made();
  assert.equal(uplink.picture("p".repeat(150_000)), true);
  for (let frame = 0; frame < 200; frame += 1) {
    clock.now += 20;
    socket.backlog = Math.max(0, socket.backlog - 800);
    uplink.sound(FRAME);
  }
  assert.ok(socket.backlog <= 66_000, `${socket.backlog}`);
});

test("another connection begins with nothing waiting, and nothing is lost where there is none", () => {
  const { socket, uplink, told } = made();
  uplink.sound("a".repeat(70_000));
  uplink.sound("lost");
  socket.state = "waiting";
  socket.dispatchEvent(new Event("state"));
  assert.equal(uplink.sound("nobody"), false);
  assert.deepEqual(told, [true, false]);
});

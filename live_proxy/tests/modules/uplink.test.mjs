import assert from "node:assert/strict";
import { test } from "node:test";
import { Uplink } from "../../static/live_proxy/wire/uplink.js";

class Socket extends EventTarget {
  state = "ready";
  backlog = 0;
  sent = [];
  givenUp = 0;

  sendNow(message) {
    if (this.state === "ready") this.sent.push(message);
    return this.state === "ready";
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
  assert.equal(uplink.sound("a"), true);
  socket.backlog = 70_000;
  assert.equal(uplink.sound("b"), false);
  socket.backlog = 10;
  clock.now += 1000;
  assert.equal(uplink.sound("c"), true);
  assert.deepEqual(told, [true]);
  clock.now += 3000;
  uplink.sound("d");
  assert.deepEqual(told, [true, false]);
  assert.deepEqual(socket.sent, ["a", "c", "d"]);
});

test("a picture is not held against the sound behind it, and waits for the last one", () => {
  const { socket, uplink, told } = made();
  const picture = "p".repeat(150_000);
  assert.equal(uplink.picture(picture), true);
  socket.backlog = 150_000;
  assert.equal(uplink.sound("s"), true);
  assert.equal(uplink.picture(picture), false);
  assert.deepEqual(told, []);
});

test("a connection that takes nothing for five seconds is given up; a slow one is not", () => {
  const { socket, clock, uplink } = made();
  for (let frame = 0; frame < 400; frame += 1) {
    clock.now += 20;
    socket.backlog = frame % 10 ? 70_000 : 60_000;
    uplink.sound("slow");
  }
  assert.equal(socket.givenUp, 0);
  socket.backlog = 70_000;
  for (let frame = 0; frame < 300 && !socket.givenUp; frame += 1) {
    clock.now += 20;
    uplink.sound("dead");
  }
  assert.equal(socket.givenUp, 1);
});

test("another connection begins with nothing waiting, and nothing is lost where there is none", () => {
  const { socket, uplink, told } = made();
  socket.backlog = 70_000;
  uplink.sound("lost");
  socket.state = "waiting";
  socket.dispatchEvent(new Event("state"));
  assert.equal(uplink.sound("nobody"), false);
  assert.deepEqual(told, [true, false]);
});

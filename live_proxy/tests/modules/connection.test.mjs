import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { CONFIRMATION_DEADLINE, SETUP_DEADLINE } from "../../static/live_proxy/wire/backoff.js";
import { Connection } from "../../static/live_proxy/wire/connection.js";

class Line {
  bufferedAmount = 0;
  ended = [];

  send(message) {
    this.bufferedAmount += message.length;
  }

  close(code) {
    this.ended.push(code);
  }
}

const opened = () => {
  const closed = [];
  const connection = new Connection(new URL("ws://here/"), "set-up", () => {}, (code) => closed.push(code));
  return { connection, closed, line: connection.socket };
};

globalThis.WebSocket = Line;
beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

test("a server that does not set up in time is gone", () => {
  const { closed } = opened();
  mock.timers.tick(SETUP_DEADLINE);
  assert.deepEqual(closed, [1006]);
});

test("a message that takes its time to go out is awaited; one that goes no further is not", () => {
  const { connection, closed, line } = opened();
  line.onopen();
  line.bufferedAmount = 0;
  connection.satisfied();
  connection.send("m".repeat(1_000_000));
  connection.expect(CONFIRMATION_DEADLINE);
  for (const left of [700_000, 400_000, 100_000, 0]) {
    line.bufferedAmount = left;
    mock.timers.tick(CONFIRMATION_DEADLINE);
    assert.deepEqual(closed, [], `${left} bytes left`);
  }
  mock.timers.tick(CONFIRMATION_DEADLINE);
  assert.deepEqual(closed, [1006]);
});

test("a message of which nothing goes out any more is given up", () => {
  const { connection, closed, line } = opened();
  line.onopen();
  connection.send("m".repeat(1_000_000));
  connection.expect(CONFIRMATION_DEADLINE);
  line.bufferedAmount = 500_000;
  mock.timers.tick(CONFIRMATION_DEADLINE);
  assert.deepEqual(closed, []);
  mock.timers.tick(CONFIRMATION_DEADLINE);
  assert.deepEqual(closed, [1006]);
});

test("only who wants no more says goodbye", () => {
  const [left, lost] = [opened(), opened()];
  left.connection.close();
  lost.connection.giveUp();
  assert.deepEqual([left.line.ended, left.closed], [[1000], []]);
  assert.deepEqual([lost.line.ended, lost.closed], [[undefined], [1006]]);
});

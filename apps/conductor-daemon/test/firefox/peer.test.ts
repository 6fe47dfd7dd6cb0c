import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { Peer, PEER_LIMITS } from "../../src/firefox/peer.ts";
import { ManualTimers } from "../support/manual-timers.ts";

/** A socket whose kernel takes what the test says. */
class SlowSocket extends EventEmitter {
  readyState = 1;
  bufferedAmount = 0;
  readonly ends: unknown[] = [];
  /** Of the write in progress, as libuv counts it. */
  readonly _handle = { writeQueueSize: 0 };
  readonly #sent: { bytes: number; done: () => void }[] = [];

  send(text: string, done: () => void): void {
    this.bufferedAmount += text.length;
    if (this.#sent.length === 0) this._handle.writeQueueSize = text.length;
    this.#sent.push({ bytes: text.length, done });
  }

  /** Takes the oldest frame whole. */
  take(): void {
    const { bytes, done } = this.#sent.shift() ?? { bytes: 0, done: () => {} };
    this.bufferedAmount -= bytes;
    done();
  }

  close(code: number): void {
    this.readyState = 2;
    this.ends.push(code);
  }

  terminate(): void {
    this.readyState = 3;
    this.ends.push("cut");
    this.emit("close", 1006);
  }
}

const open = () => {
  const socket = new SlowSocket();
  const timers = new ManualTimers();
  const peer = new Peer({ ws: socket as never, socket: socket as never, after: timers.after, limits: PEER_LIMITS });
  const say = (): void => peer.send({ t: "ping", n: 1 });
  return { socket, timers, peer, say };
};

describe("a peer that takes nothing", () => {
  it("for 30 seconds is closed, whatever is sent on, and cut a second later", () => {
    const { socket, timers, say } = open();
    say();
    for (let n = 0; n < 5; n++) {
      timers.pass(5_000);
      say();
    }
    timers.pass(4_999);
    expect(socket.ends).toEqual([]);
    timers.pass(1);
    expect(socket.ends).toEqual([4429]);
    timers.pass(1_000);
    expect(socket.ends).toEqual([4429, "cut"]);
    expect(timers.size).toBe(0);
  });

  it.each([
    ["a part of a write", (socket: SlowSocket) => void socket._handle.writeQueueSize--],
    ["a whole frame, though more was added", (socket: SlowSocket) => socket.take()],
  ])("but %s every 25 seconds stays", (_name, take) => {
    const { socket, timers, say } = open();
    for (let n = 0; n < 20; n++) say();
    for (let n = 0; n < 8; n++) {
      timers.pass(25_000);
      take(socket);
      say();
    }
    expect(socket.ends).toEqual([]);
  });

  it("is not looked at any more once it has taken everything", () => {
    const { socket, timers, say } = open();
    say();
    timers.pass(25_000);
    socket.take();
    timers.pass(5_000);
    expect([socket.ends, timers.size]).toEqual([[], 0]);
    say();
    expect(timers.size).toBe(1);
  });
});

it("a close is made once, and what is sent after it is dropped", () => {
  const { socket, timers, peer, say } = open();
  peer.close(4409);
  peer.close(4410);
  say();
  expect([socket.ends, socket.bufferedAmount]).toEqual([[4409], 0]);
  socket.emit("close", 4409);
  expect(timers.size).toBe(0);
});

it("whoever waits for it to drain is not told when it is gone", async () => {
  const { socket, peer, say } = open();
  say();
  let told = 0;
  peer.cut();
  peer.onceDrained(() => (told += 1));
  await Promise.resolve();
  socket.take();
  expect(told).toBe(0);
});

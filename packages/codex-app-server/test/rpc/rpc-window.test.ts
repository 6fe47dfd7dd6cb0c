import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RequestTimeoutError, WindowFullError } from "../../src/rpc/errors.ts";
import { outcome, Peer, SOON } from "../support/peer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the window", () => {
  test("31 requests are in flight, the 32nd slot is the probe's, the rest waits in order", async () => {
    const peer = new Peer();
    const replies = Array.from({ length: 40 }, (_, index) => peer.connection.request(`m${index}`, {}, SOON));
    expect(peer.sent).toHaveLength(31);
    const probe = peer.connection.request("probe", {}, { timeoutMs: 100, probe: true });
    expect(peer.sent).toHaveLength(32);
    expect(peer.connection.stats).toMatchObject({ inFlight: 32, queued: 9 });
    peer.say({ id: 32, result: "alive" });
    expect(await probe).toBe("alive");
    expect(peer.sent).toHaveLength(32);
    peer.say({ id: 5, result: "free" }, { id: 6, result: "free" });
    expect(peer.sentMethods.slice(32)).toEqual(["m31", "m32"]);
    for (let id = 1; id < 50; id += 1) peer.say({ id, result: id });
    await Promise.all(replies);
    expect(peer.connection.stats).toMatchObject({ inFlight: 0, queued: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a second probe at the same time is refused", async () => {
    const peer = new Peer();
    void peer.connection.request("probe", {}, { timeoutMs: 100, probe: true }).catch(() => undefined);
    const second = await outcome(peer.connection.request("probe", {}, { timeoutMs: 100, probe: true }));
    expect(second).toBeInstanceOf(WindowFullError);
    peer.connection.close("end");
  });

  test("a full queue refuses at once, a long wait for a slot refuses after it; neither was sent", async () => {
    const peer = new Peer({ limits: { windowMax: 2, queueMax: 1, queueMs: 500 } });
    void peer.connection.request("a", {}, { timeoutMs: 10_000 }).catch(() => undefined);
    const waiting = outcome(peer.connection.request("b", {}, { timeoutMs: 10_000 }));
    expect(await outcome(peer.connection.request("c", {}, SOON))).toMatchObject({
      name: "WindowFullError",
      message: "c was not sent: 1 requests are waiting already",
    });
    await vi.advanceTimersByTimeAsync(501);
    expect(await waiting).toMatchObject({
      name: "WindowFullError",
      message: "b was not sent: no free slot within 500 ms",
    });
    peer.say({ id: 1, result: 1 });
    expect(peer.sentMethods).toEqual(["a"]);
  });

  test("the deadline covers the wait for a slot", async () => {
    const peer = new Peer({ limits: { windowMax: 2 } });
    void peer.connection.request("a", {}, { timeoutMs: 10_000 }).catch(() => undefined);
    const waiting = outcome(peer.connection.request("b", {}, { timeoutMs: 40 }));
    await vi.advanceTimersByTimeAsync(41);
    expect(await waiting).toMatchObject({ name: "RequestTimeoutError", sent: false });
    peer.connection.close("end");
  });

  test("a slot of an expired request is free again", async () => {
    const peer = new Peer({ limits: { windowMax: 2 } });
    void peer.connection.request("a", {}, { timeoutMs: 40 }).catch(() => undefined);
    void peer.connection.request("b", {}, { timeoutMs: 10_000 }).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(41);
    expect(peer.sentMethods).toEqual(["a", "b"]);
    peer.connection.close("end");
  });

  test("nothing is sent while the pipe is full, and all of it after the drain", async () => {
    const peer = new Peer({ limits: { bufferedBytesMax: 100 } });
    peer.bufferedBytes = 100;
    const reply = peer.connection.request("m", {}, SOON);
    expect(peer.sent).toEqual([]);
    peer.bufferedBytes = 0;
    peer.connection.drained();
    peer.say({ id: 1, result: "sent" });
    expect(await reply).toBe("sent");
  });
});

describe("an overloaded child", () => {
  const OVERLOADED = { code: -32001, message: "Server overloaded; retry later." };

  test("a read is sent again with growing pauses until it is answered", async () => {
    const peer = new Peer();
    const reply = peer.connection.request("thread/list", {}, { timeoutMs: 10_000 });
    peer.say({ id: 1, error: OVERLOADED });
    await vi.advanceTimersByTimeAsync(99);
    expect(peer.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(peer.sent[1]).toEqual({ id: 2, method: "thread/list", params: {} });
    peer.say({ id: 2, error: OVERLOADED });
    await vi.advanceTimersByTimeAsync(199);
    expect(peer.sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    peer.say({ id: 3, result: "at last" });
    expect(await reply).toBe("at last");
    expect(peer.connection.stats.overloads).toBe(2);
  });

  test("its deadline holds over all attempts", async () => {
    const peer = new Peer();
    const reply = outcome(peer.connection.request("model/list", {}, { timeoutMs: 150 }));
    peer.say({ id: 1, error: OVERLOADED });
    await vi.advanceTimersByTimeAsync(100);
    peer.say({ id: 2, error: OVERLOADED });
    await vi.advanceTimersByTimeAsync(51);
    expect(await reply).toBeInstanceOf(RequestTimeoutError);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each(["turn/start", "thread/start", "turn/interrupt", "thread/archive"])(
    "%s is never sent again",
    async (method) => {
      const peer = new Peer();
      const reply = outcome(peer.connection.request(method, {}, SOON));
      peer.say({ id: 1, error: OVERLOADED });
      expect(await reply).toMatchObject({ name: "RpcError", code: -32001 });
      await vi.advanceTimersByTimeAsync(10_000);
      expect(peer.sent).toHaveLength(1);
    },
  );
});

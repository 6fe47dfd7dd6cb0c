import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ChildUnavailableError, RequestTimeoutError, RpcError } from "../../src/rpc/errors.ts";
import { outcome, Peer, SOON } from "../support/peer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("requests", () => {
  test("a request is one line without a jsonrpc member, its reply settles it", async () => {
    const peer = new Peer();
    const reply = peer.connection.request("thread/list", { limit: 1 }, SOON);
    expect(peer.sent).toEqual([{ id: 1, method: "thread/list", params: { limit: 1 } }]);
    peer.say({ id: 1, result: { data: [] } });
    expect(await reply).toEqual({ data: [] });
    expect(peer.connection.openRequests).toBe(0);
  });

  test("an error reply keeps code, message and data", async () => {
    const peer = new Peer();
    const reply = outcome(peer.connection.request("turn/start", {}, SOON));
    peer.say({ id: 1, error: { code: -32602, message: "too large", data: { input_error_code: "input_too_large" } } });
    const error = (await reply) as RpcError;
    expect(error).toBeInstanceOf(RpcError);
    expect([error.code, error.message, error.data]).toEqual([
      -32602,
      "too large",
      { input_error_code: "input_too_large" },
    ]);
  });

  test.each([
    ["a text", "boom", -32603, '"boom"'],
    ["a number", 7, -32603, "7"],
    ["an object without code", { message: "odd" }, -32603, "odd"],
  ])("an error member that is %s still settles the request", async (_name, member, code, message) => {
    const peer = new Peer();
    const reply = outcome(peer.connection.request("m", {}, SOON));
    peer.say({ id: 1, error: member });
    expect(await reply).toMatchObject({ code, message });
  });

  test("replies in any order find their requests", async () => {
    const peer = new Peer();
    const replies = ["a", "b", "c"].map((method) => peer.connection.request(method, {}, SOON));
    peer.say({ id: 3, result: "third" }, { id: 1, result: null }, { id: 2, result: false });
    expect(await Promise.all(replies)).toEqual([null, false, "third"]);
  });

  test("a message that must not be sent rejects and leaves nothing behind", async () => {
    const peer = new Peer();
    expect(await outcome(peer.connection.request("m", { big: 1n }, SOON))).toMatchObject({
      name: "MessageRefusedError",
    });
    expect(peer.connection.openRequests).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("replies nobody waits for", () => {
  test("duplicate, late and unknown ones are counted and change nothing", async () => {
    const peer = new Peer();
    const first = peer.connection.request("m", {}, SOON);
    peer.say(
      { id: 1, result: 1 },
      { id: 1, result: 2 },
      { id: 99, result: 3 },
      { id: "1", result: 4 },
      { id: 0, result: 5 },
    );
    expect(await first).toBe(1);
    const late = outcome(peer.connection.request("m", {}, SOON));
    await vi.advanceTimersByTimeAsync(1_001);
    expect(await late).toBeInstanceOf(RequestTimeoutError);
    peer.say({ id: 2, result: "late" });
    expect(peer.connection.stats).toMatchObject({ lateReplies: 2, unknownReplies: 3, timeouts: 1 });
  });

  test("a reply of the wrong shape is set aside and the request waits on", async () => {
    const peer = new Peer();
    const reply = peer.connection.request("m", {}, SOON);
    peer.say({ id: 1 }, { id: null, result: 1 }, { id: [1], result: 1 }, { id: 1, method: 7 });
    expect(peer.unparsable).toEqual([
      '{"id":1}',
      '{"id":null,"result":1}',
      '{"id":[1],"result":1}',
      '{"id":1,"method":7}',
    ]);
    peer.say({ id: 1, result: "good" });
    expect(await reply).toBe("good");
  });
});

describe("deadlines", () => {
  test("no reply in time rejects and says that the line had been sent", async () => {
    const peer = new Peer();
    const reply = outcome(peer.connection.request("turn/start", {}, { timeoutMs: 50 }));
    await vi.advanceTimersByTimeAsync(49);
    expect(peer.connection.openRequests).toBe(1);
    await vi.advanceTimersByTimeAsync(2);
    expect(await reply).toMatchObject({ name: "RequestTimeoutError", method: "turn/start", timeoutMs: 50, sent: true });
    expect(peer.connection.openRequests).toBe(0);
  });

  test("an answer that arrives in the same turn of the loop as the expired timer wins", async () => {
    const peer = new Peer();
    const reply = peer.connection.request("m", {}, { timeoutMs: 50 });
    setTimeout(() => peer.say({ id: 1, result: "just in time" }), 50);
    await vi.advanceTimersByTimeAsync(60);
    expect(await reply).toBe("just in time");
  });

  test("held deadlines stand still and go on with what they had left", async () => {
    const peer = new Peer();
    const reply = outcome(peer.connection.request("m", {}, { timeoutMs: 100 }));
    await vi.advanceTimersByTimeAsync(60);
    peer.connection.holdDeadlines();
    const heldLater = outcome(peer.connection.request("n", {}, { timeoutMs: 10 }));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(peer.connection.openRequests).toBe(2);
    peer.connection.releaseDeadlines();
    await vi.advanceTimersByTimeAsync(20);
    expect(await heldLater).toBeInstanceOf(RequestTimeoutError);
    expect(peer.connection.openRequests).toBe(1);
    await vi.advanceTimersByTimeAsync(30);
    expect(await reply).toBeInstanceOf(RequestTimeoutError);
  });
});

describe("close", () => {
  test("settles everything, in flight, waiting and between attempts, and says what was sent", async () => {
    const peer = new Peer({ limits: { windowMax: 2 } });
    const retrying = outcome(peer.connection.request("thread/list", {}, SOON));
    peer.say({ id: 1, error: { code: -32001, message: "later" } });
    const inFlight = outcome(peer.connection.request("turn/start", {}, SOON));
    const queued = outcome(peer.connection.request("turn/start", {}, SOON));
    peer.connection.close("killed by SIGKILL");
    for (const [promise, sent] of [
      [retrying, true],
      [inFlight, true],
      [queued, false],
    ] as const) {
      expect(await promise).toMatchObject({ name: "ChildUnavailableError", message: "killed by SIGKILL", sent });
    }
    expect(peer.connection.openRequests).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("afterwards nothing is sent or handed on", async () => {
    const peer = new Peer();
    peer.connection.close("gone");
    peer.connection.close("gone twice");
    expect(await outcome(peer.connection.request("m", {}, SOON))).toBeInstanceOf(ChildUnavailableError);
    expect(peer.connection.respond(1, {})).toBe(false);
    expect(peer.connection.respondError(1, -1, "x")).toBe(false);
    peer.connection.notify("m");
    peer.say({ method: "turn/started", params: {} }, { id: 0, method: "x", params: {} });
    expect([peer.sent, peer.notifications, peer.requests, peer.batches]).toEqual([[], [], [], 0]);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LineTooLongError } from "../../src/framing/line-splitter.ts";
import { ChildUnavailableError, RequestTimeoutError, RpcError, WindowFullError } from "../../src/rpc/errors.ts";
import { Peer, outcome } from "../support/peer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SOON = { timeoutMs: 1_000 };

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

describe("what the child sends", () => {
  test("unknown notifications pass through as they are", () => {
    const peer = new Peer();
    peer.say({ method: "brand/new", params: { any: [1, null] }, emittedAtMs: 5 }, { method: "bare" });
    expect(peer.notifications).toEqual([
      { method: "brand/new", params: { any: [1, null] } },
      { method: "bare", params: undefined },
    ]);
  });

  test("an unknown request is answered with -32601 at once", () => {
    const peer = new Peer();
    peer.say({ id: 0, method: "item/tool/call", params: {} }, { id: "abc", method: "new/thing" });
    expect(peer.sent).toEqual([
      { id: 0, error: { code: -32601, message: "unknown method: item/tool/call" } },
      { id: "abc", error: { code: -32601, message: "unknown method: new/thing" } },
    ]);
    expect(peer.connection.stats.unknownRequests).toBe(2);
  });

  test("ids are kept apart by direction: its request 1 is not our reply 1", async () => {
    const peer = new Peer();
    peer.answerRequests = "taken";
    const ours = peer.connection.request("m", {}, SOON);
    peer.say({ id: 1, method: "item/commandExecution/requestApproval", params: {} });
    expect(peer.connection.openRequests).toBe(1);
    expect(peer.connection.respond(1, { decision: "decline" })).toBe(true);
    expect(peer.connection.respond(2, undefined)).toBe(true);
    peer.say({ id: 1, result: "ours" });
    expect(await ours).toBe("ours");
    expect(peer.sent.slice(1)).toEqual([
      { id: 1, result: { decision: "decline" } },
      { id: 2, result: null },
    ]);
  });

  test("lines that are no messages are set aside byte for byte and the rest goes on", () => {
    const peer = new Peer();
    peer.sayRaw('not json\n[1,2]\n"text"\n7\nnull\n{}\n\n{"method":"ok"}\r\n');
    expect(peer.unparsable).toEqual(["not json", "[1,2]", '"text"', "7", "null", "{}"]);
    expect(peer.notifications).toEqual([{ method: "ok", params: undefined }]);
    expect(peer.connection.stats).toMatchObject({ unparsable: 6, received: 7 });
  });

  test("invalid bytes become one U+FFFD each and are counted; the line is not lost", () => {
    const peer = new Peer();
    peer.sayRaw(
      Buffer.concat([Buffer.from('{"method":"m","params":"a'), Buffer.from([0xff, 0xc3]), Buffer.from('b"}\n')]),
    );
    expect(peer.notifications).toEqual([{ method: "m", params: "a\uFFFD\uFFFDb" }]);
    expect(peer.connection.stats.invalidUtf8).toBe(2);
  });

  test("one chunk is one batch, told after its last line", () => {
    const peer = new Peer();
    peer.sayRaw('{"method":"a"}\n{"method":"b"}\n{"meth');
    expect([peer.notifications.length, peer.batches]).toEqual([2, 1]);
    peer.sayRaw('od":"c"}\n');
    expect([peer.notifications.length, peer.batches]).toEqual([3, 2]);
  });

  test("an over-long line throws after the lines before it were handed on", () => {
    const peer = new Peer({ limits: { lineBytesMax: 20 } });
    expect(() => peer.sayRaw('{"method":"a"}\n{"method":"far too long"}\n')).toThrow(LineTooLongError);
    expect(peer.notifications).toEqual([{ method: "a", params: undefined }]);
    expect(peer.batches).toBe(1);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LineTooLongError } from "../../src/framing/line-splitter.ts";
import { Peer, SOON } from "../support/peer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

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

import { describe, expect, it } from "vitest";
import { createBackoff } from "../../src/events/backoff.ts";
import {
  cursorAfterEvent,
  cursorAfterHello,
  cursorAfterMark,
  cursorAfterReset,
  formatCursor,
  parseCursor,
} from "../../src/events/cursor.ts";

const helloOf = (logId: string, oldestSeq = 1, headSeq = 50) => ({
  type: "hello" as const,
  logId,
  oldestSeq,
  headSeq,
  version: "1",
});
const resetTo = (to: number) => ({ type: "reset" as const, from: 0, to, reason: "too_old" as const, snapshot: null });
const a = (seq: number) => ({ logId: "a", seq });

describe("cursor", () => {
  it("reads and writes both forms", () => {
    expect(parseCursor(7)).toEqual({ logId: undefined, seq: 7 });
    expect(parseCursor("7")).toEqual({ logId: undefined, seq: 7 });
    expect(parseCursor("log-a:7")).toEqual({ logId: "log-a", seq: 7 });
    expect(formatCursor({ logId: undefined, seq: 7 })).toBe("7");
    expect(formatCursor({ logId: "log-a", seq: 0 })).toBe("log-a:0");
  });

  it.each(["", "a", ":1", "a:", "-1", "1.5", "1e3", "a b:1", "a:b:1", " 1", "9999999999999999", Number.NaN, -1])(
    "refuses %j",
    (after) => {
      expect(() => parseCursor(after)).toThrow(TypeError);
    },
  );

  it("takes the head of the first hello when it had nothing, and the log's name when it had a number", () => {
    expect(cursorAfterHello(undefined, helloOf("a"))).toEqual(a(50));
    expect(cursorAfterHello({ logId: undefined, seq: 3 }, helloOf("a"))).toEqual(a(3));
    expect(cursorAfterHello(a(3), helloOf("a"))).toEqual(a(3));
  });

  it("keeps the cursor of another log until its reset", () => {
    expect(cursorAfterHello(a(100), helloOf("b"))).toEqual(a(100));
    expect(cursorAfterReset(helloOf("b", 10), resetTo(9))).toEqual({ logId: "b", seq: 9 });
    expect(cursorAfterReset(undefined, resetTo(9))).toEqual({ logId: undefined, seq: 9 });
  });

  it("moves with events, and passes none twice", () => {
    expect(cursorAfterEvent(a(3), helloOf("a"), 4)).toEqual(a(4));
    expect(cursorAfterEvent(a(3), helloOf("a"), 9)).toEqual(a(9));
    expect(cursorAfterEvent(a(3), helloOf("a"), 3)).toBeUndefined();
    expect(cursorAfterEvent(a(3), helloOf("a"), 1)).toBeUndefined();
    expect(cursorAfterEvent(a(3), undefined, 2)).toBeUndefined();
    expect(cursorAfterEvent({ logId: undefined, seq: 3 }, undefined, 3)).toBeUndefined();
    expect(cursorAfterEvent(undefined, undefined, 1)).toEqual({ logId: undefined, seq: 1 });
    expect(cursorAfterEvent(a(100), helloOf("b"), 1)).toEqual({ logId: "b", seq: 1 });
  });

  it("moves with heartbeats of its own log, never back", () => {
    expect(cursorAfterMark(a(3), helloOf("a"), 8)).toEqual(a(8));
    expect(cursorAfterMark(a(9), helloOf("a"), 8)).toEqual(a(9));
    expect(cursorAfterMark(a(3), helloOf("b"), 8)).toEqual(a(3));
    expect(cursorAfterMark(a(3), undefined, 8)).toEqual(a(3));
    expect(cursorAfterMark(undefined, undefined, 8)).toBeUndefined();
  });
});

describe("backoff", () => {
  it("doubles to its ceiling, is shortened by up to half, and begins anew after progress", () => {
    const none = createBackoff({ initialMs: 250, maxMs: 5000, random: () => 0 });
    expect([1, 2, 3, 4, 5, 6, 7].map(() => none.next())).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    none.reset();
    expect(none.next()).toBe(250);
    const most = createBackoff({ initialMs: 250, maxMs: 5000, random: () => 1 });
    expect([1, 2].map(() => most.next())).toEqual([125, 250]);
  });
});

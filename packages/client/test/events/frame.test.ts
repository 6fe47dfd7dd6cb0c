import { describe, expect, it } from "vitest";
import { UnexpectedReplyError } from "../../src/errors.ts";
import { parseFrame } from "../../src/events/frame.ts";

const parse = (value: unknown) => parseFrame(Buffer.from(JSON.stringify(value)), "GET http://x/events");
const EVENT = { seq: 1, at: "2026-11-22T10:00:00.000Z", type: "turn.started", data: { codexTurnId: "t" } };

describe("parseFrame", () => {
  it("keeps an event as it came: unknown types, fields and data", () => {
    expect(parse(EVENT)).toEqual({ kind: "event", event: EVENT });
    const newer = { ...EVENT, type: "brand.new", more: [1], data: { deep: { x: "é" } } };
    expect(parse(newer)).toEqual({ kind: "event", event: newer });
  });

  it("knows control frames by their type, also one with a seq", () => {
    const beat = { type: "heartbeat", seq: 5 };
    expect(parse(beat)).toEqual({ kind: "control", frame: beat });
    const bye = { type: "bye", code: 1001, lastSeq: 5, added: true };
    expect(parse(bye)).toEqual({ kind: "control", frame: bye });
  });

  it("takes for unknown what has no seq and no known type, and a heartbeat or bye that it cannot read", () => {
    for (const value of [{ type: "weather" }, {}, { type: 5 }, { type: "heartbeat", seq: "5" }, { type: "bye" }]) {
      expect(parse(value)).toEqual({ kind: "unknown" });
    }
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "5"],
    ["null", "null"],
    ["an event without data", '{"seq":1,"at":"x","type":"a.b"}'],
    ["an event whose seq is no integer", '{"seq":"1","at":"x","type":"a.b","data":{}}'],
    ["a hello without head", '{"type":"hello","logId":"a","oldestSeq":1,"version":"1"}'],
    ["a reset with a reason that is not known", '{"type":"reset","from":1,"to":2,"reason":"mood","snapshot":1}'],
  ])("refuses what cannot be skipped: %s", (_name, text) => {
    expect(() => parseFrame(Buffer.from(text), "GET http://x/events")).toThrow(UnexpectedReplyError);
    expect(() => parseFrame(Buffer.from(text), "GET http://x/events")).toThrow("GET http://x/events: ");
  });
});

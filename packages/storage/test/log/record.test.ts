import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBatch, framesOf, headOf, seqOf, sessionIdOf } from "../../src/log/record.ts";
import { isIntactLine } from "../../src/log/line.ts";

const AT = "2026-01-02T03:04:05.678Z";

function line(record: Parameters<typeof encodeBatch>[0][number], seq = 1): Buffer {
  return encodeBatch([record], seq).buffer.subarray(0, -1);
}

test("a line has the fixed key order, then data, then the checksum of all before it", () => {
  const ids = { approvalId: "apr_1", turnId: "turn_1", codexRunId: "crun_1", sessionId: "ses_1" };
  const { buffer } = encodeBatch([{ data: { delta: "héé" }, at: AT, type: "item.delta", ...ids }], 42);
  expect(buffer.toString()).toBe(
    '{"seq":42,"at":"2026-01-02T03:04:05.678Z","type":"item.delta","sessionId":"ses_1","turnId":"turn_1",' +
      '"codexRunId":"crun_1","approvalId":"apr_1","data":{"delta":"héé"},"crc":"9f01cd19"}\n',
  );
});

test("a frame is the line without checksum and newline, and a view of the same memory", () => {
  const batch = encodeBatch(
    [
      { type: "a", at: AT, data: 1 },
      { type: "b", at: AT, data: undefined },
    ],
    7,
  );
  const frames = framesOf(batch).map((record) => record.frame);
  expect(frames.map((frame) => frame.bytes.toString())).toEqual([
    '{"seq":7,"at":"2026-01-02T03:04:05.678Z","type":"a","data":1}',
    '{"seq":8,"at":"2026-01-02T03:04:05.678Z","type":"b","data":null}',
  ]);
  expect(frames.every((frame) => frame.bytes.buffer === batch.buffer.buffer)).toBe(true);
});

test("a prompt cannot spoof the head", () => {
  const data = { text: '","data":{},"sessionId":"ses_evil"', sessionId: "ses_evil" };
  const bytes = line({ type: "item.completed", at: AT, sessionId: "ses_1", data });
  expect(headOf(bytes, 0, bytes.length)).toMatchObject({ seq: 1, type: "item.completed", sessionId: "ses_1" });
  expect(sessionIdOf(bytes, 0, bytes.length)).toBe("ses_1");
  const without = line({ type: 'x","sessionId":"ses_evil', at: AT, data });
  expect(headOf(without, 0, without.length).sessionId).toBeUndefined();
  expect(sessionIdOf(without, 0, without.length)).toBeUndefined();
});

test("any record comes back as it was, whatever its strings hold", () => {
  const id = fc.option(fc.oneof(fc.string({ unit: "binary" }), fc.constant('"data":')), { nil: undefined });
  const record = fc.record({
    type: fc.string({ unit: "binary" }),
    sessionId: id,
    turnId: id,
    data: fc.jsonValue({ maxDepth: 3 }),
  });
  fc.assert(
    fc.property(
      record,
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      ({ type, sessionId, turnId, data }, seq) => {
        const given = {
          type,
          at: AT,
          data,
          ...(sessionId !== undefined && { sessionId }),
          ...(turnId !== undefined && { turnId }),
        };
        const batch = encodeBatch([given], seq);
        const end = batch.buffer.length - 1;
        expect(isIntactLine(batch.buffer, 0, end)).toBe(true);
        expect(batch.buffer.indexOf(10)).toBe(end);
        expect(seqOf(batch.buffer, 0, end)).toBe(seq);
        expect(sessionIdOf(batch.buffer, 0, end)).toBe(wellFormed(sessionId));
        expect(headOf(batch.buffer, 0, end).turnId).toBe(wellFormed(turnId));
        const event: unknown = JSON.parse(framesOf(batch)[0]!.frame.bytes.toString());
        expect(event).toEqual(JSON.parse(JSON.stringify({ seq, ...given })));
      },
    ),
    { numRuns: 200 },
  );
});

/** As a string survives JSON text in UTF-8. */
function wellFormed(text: string | undefined): string | undefined {
  return text === undefined ? undefined : (JSON.parse(Buffer.from(JSON.stringify(text)).toString()) as string);
}

test("every flipped bit of a line is noticed", () => {
  const bytes = line({ type: "turn.accepted", at: AT, sessionId: "ses_1", data: { input: "hello" } });
  for (let at = 0; at < bytes.length; at += 1) {
    for (let bit = 1; bit < 256; bit *= 2) {
      bytes[at]! ^= bit;
      expect(isIntactLine(bytes, 0, bytes.length), `byte ${at}, bit ${bit}`).toBe(false);
      bytes[at]! ^= bit;
    }
  }
});

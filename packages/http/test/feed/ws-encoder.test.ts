import { expect, it } from "vitest";
import { encodeTextFrames } from "../../src/feed/ws-encoder.ts";

it.each([
  [0, [0x81, 0]],
  [125, [0x81, 125]],
  [126, [0x81, 126, 0, 126]],
  [65_535, [0x81, 126, 0xff, 0xff]],
  [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
])("a frame of %i bytes begins with its length", (length, header) => {
  const payload = Buffer.alloc(length, 0x61);
  const frame = encodeTextFrames([payload]);
  expect([...frame.subarray(0, header.length)]).toEqual(header);
  expect(frame.subarray(header.length).equals(payload)).toBe(true);
});

it("frames follow each other without a gap", () => {
  expect(encodeTextFrames([Buffer.from("a"), Buffer.from("bc")]).toString("latin1")).toBe(
    "\u0081\u0001a\u0081\u0002bc",
  );
});

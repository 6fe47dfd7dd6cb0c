import { expect, test } from "vitest";
import { createBatch } from "../../src/stream/batch.ts";
import { readEventStream } from "../../src/stream/event-stream.ts";
import type { StreamFrame } from "../../src/stream/event-stream.ts";
import { bodyOf, frameText } from "../support/streams.ts";

const read = async (pieces: readonly (string | Uint8Array)[]): Promise<StreamFrame[]> => {
  const frames: StreamFrame[] = [];
  await readEventStream(bodyOf(pieces), (frame) => frames.push(frame));
  return frames;
};

const TEXT =
  frameText("log:1", "hello", { type: "hello" }) +
  ": a comment\n\n" +
  frameText("log:2", "item.delta", { delta: "ä€😀" });
const FRAMES = [
  { id: "log:1", type: "hello", data: { type: "hello" } },
  { id: "log:2", type: "item.delta", data: { delta: "ä€😀" } },
];

test("frames with their cursors, wherever the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (let at = 0; at <= bytes.length; at += 1)
    expect(await read([bytes.slice(0, at), bytes.slice(at)])).toEqual(FRAMES);
});

test("what is no JSON object, and a frame that was cut off, are left out", async () => {
  expect(await read(["data: nonsense\n\ndata: 7\n\n", TEXT, "id: log:3\nevent: turn.started\ndata: {"])).toEqual(
    FRAMES,
  );
});

test("a batch hands on together what came before its time", () => {
  const flushed: number[][] = [];
  const scheduled: (() => void)[] = [];
  const batch = createBatch<number>(
    (things) => flushed.push([...things]),
    (run) => scheduled.push(run),
  );
  batch.add(1);
  batch.add(2);
  expect([flushed, scheduled.length]).toEqual([[], 1]);
  scheduled.shift()?.();
  batch.add(3);
  scheduled.shift()?.();
  expect(flushed).toEqual([[1, 2], [3]]);
});

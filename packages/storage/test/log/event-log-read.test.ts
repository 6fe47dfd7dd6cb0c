import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { EventLog } from "../../src/index.ts";
import { abandon, ALL, delta, openQuiet, texts, useTempDirs } from "./helpers.ts";

const tempDir = useTempDirs();

test("records and bytes bound an answer, one record always comes", async () => {
  const log = await openQuiet(tempDir());
  log.append(["a", "b", "c", "d"].map((text) => delta(text)));
  const one = log.read(0, ALL).frames[0]!.bytes.length;
  expect(texts(log, 0, { maxRecords: 2, maxBytes: 1e6 })).toEqual(["a", "b"]);
  expect(texts(log, 0, { maxRecords: 9, maxBytes: one * 3 + 1 })).toEqual(["a", "b", "c"]);
  expect(texts(log, 2, { maxRecords: 9, maxBytes: 1 })).toEqual(["c"]);
  expect(log.read(9, ALL)).toEqual({ frames: [], lastSeq: 9 });
  await log.close();
});

test("a filter sees the head and moves the cursor past what it refuses, within a bounded scan", async () => {
  const log = await openQuiet(tempDir(), { tailCacheBytes: 0 });
  const big = "x".repeat(100_000);
  for (let i = 0; i < 30; i += 1) log.append([delta(big, { sessionId: "ses_1" })]);
  log.append([delta("wanted", { sessionId: "ses_2", type: "turn.completed" })]);
  const match = (head: { type: string }): boolean => head.type.startsWith("turn.");
  const first = log.read(0, { ...ALL, match });
  expect(first.frames).toEqual([]);
  expect(first.lastSeq).toBeGreaterThan(8);
  expect(first.lastSeq).toBeLessThan(13);
  let cursor = first.lastSeq;
  while (cursor < 30) cursor = log.read(cursor, { ...ALL, match }).lastSeq;
  expect(log.read(30, { ...ALL, match }).frames.map((frame) => frame.seq)).toEqual([31]);
  await log.close();
});

test("recent events are serialised once: every reader gets the same memory", async () => {
  const log = await openQuiet(tempDir());
  log.append([delta("a")]);
  expect(log.read(0, ALL).frames[0]).toBe(log.read(0, ALL).frames[0]);
  await log.close();
});

test("the same frames come from memory, from the active file and from sealed files", async () => {
  const dir = tempDir();
  const records = Array.from({ length: 300 }, (_, i) =>
    delta(`text ${i} ${"é".repeat(i)}`, { sessionId: `ses_${i % 7}` }),
  );
  const log = await openQuiet(dir);
  for (const record of records) log.append([record]);
  const fromMemory = log.read(0, ALL).frames.map((frame) => frame.bytes.toString());
  await log.close();
  const file = await openQuiet(dir, { tailCacheBytes: 0 });
  expect(file.read(0, ALL).frames.map((frame) => frame.bytes.toString())).toEqual(fromMemory);
  await file.close();

  const small = await openQuiet(tempDir(), { tailCacheBytes: 0, segmentBytesMax: 5000 });
  for (const record of records) small.append([record]);
  const fromSealed: string[] = [];
  for (let cursor = 0; cursor < 300;) {
    const { frames, lastSeq } = small.read(cursor, { maxRecords: 11, maxBytes: 4000 });
    fromSealed.push(...frames.map((frame) => frame.bytes.toString()));
    cursor = lastSeq;
  }
  expect(fromSealed).toEqual(fromMemory);
  await small.close();
});

test("one session is read through the index, in memory and in sealed segments", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir, { segmentBytesMax: 60_000, tailCacheBytes: 2000 });
  for (let i = 1; i <= 900; i += 1) log.append([delta(`${i} ${"x".repeat(200)}`, { sessionId: `ses_${i % 300}` })]);
  const expected = [17, 317, 617];
  const read = (from: EventLog): number[] => {
    const seqs: number[] = [];
    for (let cursor = 0; cursor < from.head();) {
      const page = from.readSession("ses_17", cursor, { maxRecords: 1, maxBytes: 1e6 });
      expect(page.lastSeq).toBeGreaterThan(cursor);
      seqs.push(...page.frames.map((frame) => frame.seq));
      cursor = page.lastSeq;
    }
    return seqs;
  };
  expect(read(log)).toEqual(expected);
  await log.close();
  for (const name of fs.readdirSync(dir)) if (name.endsWith(".idx")) fs.writeFileSync(path.join(dir, name), "junk");
  const again = await openQuiet(dir, { segmentBytesMax: 60_000 });
  expect(read(again)).toEqual(expected);
  expect(again.readSession("ses_none", 0, ALL)).toMatchObject({ frames: [] });
  await again.close();
});

test("a record longer than any buffer is stored and read", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir, { tailCacheBytes: 0 });
  log.append([delta("a"), delta("y".repeat(3_000_000)), delta("b")]);
  expect(texts(log, 0, { maxRecords: 1, maxBytes: 10 })).toEqual(["a"]);
  expect(texts(log, 1, { maxRecords: 1, maxBytes: 10 })[0]?.length).toBe(3_000_000);
  expect(texts(log, 2)).toEqual(["b"]);
  await abandon(log);
  const again = await openQuiet(dir);
  expect(again.head()).toBe(3);
  await again.close();
});

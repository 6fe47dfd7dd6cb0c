import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { verifyLog } from "../../src/index.ts";
import { interceptFs } from "./fs-faults.ts";
import { abandon, assertContiguous, delta, openQuiet, readAll, useTempDirs } from "./helpers.ts";
import { fill, SMALL } from "./segment-kit.ts";

const tempDir = useTempDirs();

test("a full segment is sealed under the number it begins with, and everybody is told", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir, SMALL);
  const sealed: unknown[] = [];
  log.onSeal((segment) => sealed.push(segment));
  for (let i = 1; i <= 10; i += 1) log.append([delta(String(i))]);
  await Promise.resolve();
  expect(sealed).toEqual([
    { firstSeq: 1, lastSeq: 4 },
    { firstSeq: 5, lastSeq: 8 },
  ]);
  await log.close();
  expect(fs.readdirSync(dir).sort()).toEqual([
    "events.1.idx",
    "events.1.jsonl",
    "events.5.idx",
    "events.5.jsonl",
    "events.head",
    "events.jsonl",
  ]);
  const again = await openQuiet(dir, SMALL);
  expect(readAll(again).map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  await again.close();
});

test("a batch that does not fit begins a new segment whole", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir, SMALL);
  log.append([delta("1"), delta("2"), delta("3")]);
  log.append([delta("4"), delta("5")]);
  await log.close();
  const { segments } = await verifyLog(dir);
  expect(segments.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([
    [1, 3],
    [4, 5],
  ]);
});

test("retention drops whole old segments, but none that is not applied or still needed", async () => {
  const dir = tempDir();
  const retention = { maxAgeMs: 3_600_000, maxBytes: 1000 };
  const log = await fill(dir, 22, { ...SMALL, retention });
  expect(log.dropSegments({ appliedSeq: 3, keepFromSeq: 99 })).toBe(0);
  expect(log.dropSegments({ appliedSeq: 99, keepFromSeq: 4 })).toBe(0);
  expect(log.dropSegments({ appliedSeq: 4, keepFromSeq: 99 })).toBe(1);
  expect(log.oldest()).toBe(5);
  expect(log.dropSegments({ appliedSeq: 22, keepFromSeq: 22 })).toBeGreaterThan(1);
  expect(log.bytes()).toBeLessThanOrEqual(1000);
  const { oldest } = { oldest: log.oldest() };
  expect(log.read(0, { maxRecords: 1, maxBytes: 1e6 }).frames[0]?.seq).toBe(oldest);
  await log.close();
  const again = await openQuiet(dir, SMALL);
  expect([again.oldest(), again.head()]).toEqual([oldest, 22]);
  await again.close();
});

test("retention by age counts from the end of a segment", async () => {
  let now = Date.parse("2026-01-01T00:00:00.000Z");
  const log = await openQuiet(tempDir(), {
    ...SMALL,
    now: () => new Date(now).toISOString(),
    retention: { maxAgeMs: 60_000, maxBytes: 1e9 },
  });
  for (let i = 1; i <= 9; i += 1) {
    now += 10_000;
    log.append([delta(String(i))]);
  }
  expect(log.dropSegments({ appliedSeq: 9, keepFromSeq: 10 })).toBe(0);
  now += 21_000;
  expect(log.dropSegments({ appliedSeq: 9, keepFromSeq: 10 })).toBe(1);
  expect(log.oldest()).toBe(5);
  await log.close();
});

test("indexes are rebuilt when they are missing, damaged or of another state", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  const index = path.join(dir, "events.5.idx");
  const original = fs.readFileSync(index, "utf8");
  const spoil: (() => void)[] = [
    () => fs.rmSync(index),
    () => fs.writeFileSync(index, original.replace('"offsets":[', '"offsets":[9')),
    () => fs.writeFileSync(index, fs.readFileSync(path.join(dir, "events.1.idx"))),
  ];
  for (const change of spoil) {
    change();
    const log = await openQuiet(dir, SMALL);
    await log.whenChecked();
    expect(fs.readFileSync(index, "utf8")).toBe(original);
    await log.close();
    change();
    const again = await openQuiet(dir, { ...SMALL, checkPauseMs: 3_600_000 });
    expect(readAll(again)).toHaveLength(14);
    expect(fs.readFileSync(index, "utf8")).toBe(original);
    await again.close();
  }
});

test("the clean-stop mark is written when everything in front of it is on disk, and then synced itself", async () => {
  const log = await fill(tempDir(), 2);
  const calls: string[] = [];
  const restore = interceptFs((op) => {
    calls.push(op.name);
    return op.run(...op.args);
  });
  await log.close();
  restore();
  expect(calls).toEqual(["fsyncSync", "writeSync", "fsyncSync", "closeSync", "closeSync"]);
});

test("many opens, stops and kills over many segments keep one unbroken log", async () => {
  const dir = tempDir();
  for (let round = 1; round <= 25; round += 1) {
    const log = await fill(dir, round * 3);
    await (round % 2 === 0 ? log.close() : abandon(log));
  }
  const log = await openQuiet(dir, SMALL);
  const events = readAll(log);
  assertContiguous(events);
  expect(events).toHaveLength(75);
  await log.close();
});

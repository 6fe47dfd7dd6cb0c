import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { LogDamagedError, verifyLog, type EventLog } from "../../src/index.ts";
import { interceptFs } from "./fs-faults.ts";
import { abandon, assertContiguous, delta, openQuiet, readAll, useTempDirs } from "./helpers.ts";

const tempDir = useTempDirs();
const SMALL = { segmentRecordsMax: 4, tailCacheBytes: 0 };

async function fill(dir: string, records: number, o: Parameters<typeof openQuiet>[1] = SMALL): Promise<EventLog> {
  const log = await openQuiet(dir, o);
  for (let i = log.written() + 1; i <= records; i += 1) log.append([delta(String(i), { sessionId: `ses_${i % 3}` })]);
  return log;
}

/** Changes one byte inside the record that holds `text`. */
function damage(file: string, text: string): void {
  const content = fs.readFileSync(file);
  content[content.indexOf(text) + 1]! ^= 1;
  fs.writeFileSync(file, content);
}

async function refusal(opening: Promise<EventLog>): Promise<LogDamagedError> {
  const error: unknown = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LogDamagedError);
  return error as LogDamagedError;
}

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

test("a damaged sealed segment is found in the background and is never skipped by a read", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  damage(path.join(dir, "events.5.jsonl"), '"delta":"6"');
  const log = await openQuiet(dir, SMALL);
  await log.whenChecked();
  expect(log.damage).toMatchObject([
    { file: path.join(dir, "events.5.jsonl"), fault: "a record does not match its checksum" },
  ]);
  const limit = { maxRecords: 99, maxBytes: 1e6 };
  expect(log.read(0, limit).lastSeq).toBe(5);
  expect(() => log.read(5, limit)).toThrow(/events\.5\.jsonl is damaged at byte \d+: record 6 is damaged or missing/);
  expect(() => log.read(5, limit)).toThrow(/codexd log reset/);
  expect(log.read(6, limit).frames.map((frame) => frame.seq)).toEqual([7, 8, 9, 10, 11, 12, 13, 14]);
  log.append([delta("15")]);
  expect(log.head()).toBe(15);
  await log.close();
});

test("damage is also found by the read itself, before the background has come by", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  damage(path.join(dir, "events.5.jsonl"), '"delta":"5"');
  fs.rmSync(path.join(dir, "events.5.idx"));
  const log = await openQuiet(dir, { ...SMALL, checkPauseMs: 3_600_000 });
  expect(() => log.read(4, { maxRecords: 9, maxBytes: 1e6 })).toThrow(LogDamagedError);
  expect(() => log.readSession("ses_0", 4, { maxRecords: 9, maxBytes: 1e6 })).toThrow(LogDamagedError);
  expect(log.damage).toHaveLength(1);
  await log.close();
});

test("a sealed segment that ends too early is damage, even behind a whole record", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  const file = path.join(dir, "events.5.jsonl");
  const lines = fs.readFileSync(file, "utf8").split("\n");
  fs.writeFileSync(file, `${lines.slice(0, 3).join("\n")}\n`);
  const log = await openQuiet(dir, { ...SMALL, checkPauseMs: 3_600_000 });
  const limit = { maxRecords: 99, maxBytes: 1e6 };
  expect(log.read(0, limit).lastSeq).toBe(6);
  expect(() => log.read(6, limit)).toThrow(/ends behind record 6 instead of 8/);
  expect(() => log.readSession("ses_1", 0, limit)).toThrow(LogDamagedError);
  await log.close();
});

test.each([
  ["a segment in the middle is missing", "events.5.jsonl", "events.9.jsonl", /events\.5\.jsonl is missing/],
  ["the last sealed segment is missing", "events.9.jsonl", "events.jsonl", /events\.9\.jsonl is missing/],
  ["the active segment is missing", "events.jsonl", "events.jsonl", /the active segment is missing/],
])("%s: refused by name", async (_name, removed, named, fault) => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  fs.rmSync(path.join(dir, removed));
  const error = await refusal(openQuiet(dir, SMALL));
  expect(path.basename(error.file)).toBe(named);
  expect(error.fault).toMatch(fault);
  expect(error.help).toContain("codexd log reset");
});

test("a segment of another log is refused by name, wherever it stands", async () => {
  const dir = tempDir();
  const other = tempDir();
  await (await fill(dir, 14)).close();
  const foreign = await fill(other, 14);
  await foreign.close();
  for (const name of ["events.1.jsonl", "events.5.jsonl"]) {
    const own = fs.readFileSync(path.join(dir, name));
    fs.copyFileSync(path.join(other, name), path.join(dir, name));
    const error = await refusal(openQuiet(dir, SMALL));
    expect(path.basename(error.file)).toBe(name);
    expect(error.fault).toContain(`belongs to log ${foreign.logId}`);
    fs.writeFileSync(path.join(dir, name), own);
  }
});

test("a segment under the name of another one is refused by name", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  fs.copyFileSync(path.join(dir, "events.1.jsonl"), path.join(dir, "events.5.jsonl"));
  expect((await refusal(openQuiet(dir, SMALL))).fault).toBe("its header says that it begins with 1");
});

test("a log written by a newer release is refused by name and left as it is", async () => {
  const { encodeObjectLine } = await import("../../src/log/line.ts");
  const dir = tempDir();
  const header = {
    format: 2,
    minReader: 2,
    logId: "log_1",
    firstSeq: 1,
    ceiling: 65_536,
    bootId: "boot-a",
    at: "",
    previous: null,
  };
  const content = encodeObjectLine(header);
  fs.writeFileSync(path.join(dir, "events.jsonl"), content);
  expect((await refusal(openQuiet(dir))).fault).toBe("written by a newer release (format 2 needs reader 2, this is 1)");
  expect(fs.readFileSync(path.join(dir, "events.jsonl"))).toEqual(content);
});

test("a newer format that this release can read is read", async () => {
  const { encodeObjectLine } = await import("../../src/log/line.ts");
  const dir = tempDir();
  const header = {
    format: 2,
    minReader: 1,
    logId: "log_1",
    firstSeq: 9,
    ceiling: 65_544,
    bootId: "boot-a",
    at: "",
    previous: null,
    more: 1,
  };
  fs.writeFileSync(path.join(dir, "events.jsonl"), encodeObjectLine(header));
  const log = await openQuiet(dir);
  expect([log.logId, log.oldest(), log.head()]).toEqual(["log_1", 9, 8]);
  await log.close();
});

test("after a power loss an invalid line is cut only when nothing intact stands behind it", async () => {
  for (const [record, outcome] of [
    ["13", "refused"],
    ["14", "cut"],
  ] as const) {
    const dir = tempDir();
    await abandon(await fill(dir, 14));
    damage(path.join(dir, "events.jsonl"), `"delta":"${record}"`);
    const before = fs.readFileSync(path.join(dir, "events.jsonl"));
    if (outcome === "refused") {
      expect((await refusal(openQuiet(dir, { bootId: "boot-b" }))).fault).toBe("a record does not match its checksum");
      expect(fs.readFileSync(path.join(dir, "events.jsonl"))).toEqual(before);
      continue;
    }
    const log = await openQuiet(dir, { bootId: "boot-b" });
    expect(log.gap).toEqual({ from: 14, to: 65_548 });
    expect(log.recovered?.cutBytes).toBeGreaterThan(100);
    const kept = fs.readFileSync(path.join(dir, "events.cut-after-13.bin"));
    expect(before.subarray(-kept.length)).toEqual(kept);
    await log.close();
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

test("verifyLog reports what is there and changes nothing", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  const before = fs.readdirSync(dir).map((name) => [name, fs.statSync(path.join(dir, name)).mtimeMs]);
  const report = await verifyLog(dir);
  expect(report).toMatchObject({ records: 14, isClean: true, tornBytes: 0, markedHead: 14, damage: [] });
  expect(report.segments.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([
    [1, 4],
    [5, 8],
    [9, 12],
    [13, 14],
  ]);
  expect(fs.readdirSync(dir).map((name) => [name, fs.statSync(path.join(dir, name)).mtimeMs])).toEqual(before);
});

test("verifyLog names every damaged place at once", async () => {
  const dir = tempDir();
  await abandon(await fill(dir, 14));
  damage(path.join(dir, "events.1.jsonl"), '"delta":"2"');
  damage(path.join(dir, "events.jsonl"), '"delta":"13"');
  fs.rmSync(path.join(dir, "events.5.jsonl"));
  const report = await verifyLog(dir);
  expect(report.isClean).toBe(false);
  expect(report.damage.map(({ file, fault }) => [path.basename(file), fault])).toEqual([
    ["events.9.jsonl", "events.5.jsonl is missing; events.1.jsonl is not the segment before it"],
    ["events.1.jsonl", "a record does not match its checksum"],
    ["events.jsonl", "a record does not match its checksum"],
  ]);
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

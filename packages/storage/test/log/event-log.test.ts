import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { EventLog, LogClosedError, type LogRecordInput } from "../../src/index.ts";
import { abandon, assertContiguous, AT, delta, openQuiet, QUIET, readAll, useTempDirs } from "./helpers.ts";

const tempDir = useTempDirs();
const ALL = { maxRecords: 1000, maxBytes: 1_000_000 };

/** The text of what a read gives. */
function texts(log: EventLog, after: number, limit = ALL): string[] {
  return log
    .read(after, limit)
    .frames.map((frame) => (JSON.parse(frame.bytes.toString()) as { data: { delta: string } }).data.delta);
}

test("a new log is empty and its first record is 1", async () => {
  const log = await openQuiet(tempDir());
  expect([log.oldest(), log.head(), log.written()]).toEqual([1, 0, 0]);
  expect(log.read(0, ALL)).toEqual({ frames: [], lastSeq: 0 });
  expect(log.append([delta("a"), delta("b")])).toEqual({ firstSeq: 1, lastSeq: 2 });
  expect(log.append([])).toEqual({ firstSeq: 3, lastSeq: 2 });
  expect(texts(log, 0)).toEqual(["a", "b"]);
  expect(texts(log, 1)).toEqual(["b"]);
  expect([log.oldest(), log.head()]).toEqual([1, 2]);
  await log.close();
});

test("the directory and the files belong to the owner alone", async () => {
  const dir = path.join(tempDir(), "logs", "codexd");
  const log = await openQuiet(dir);
  expect(fs.statSync(dir).mode & 0o777).toBe(0o700);
  for (const name of fs.readdirSync(dir)) expect(fs.statSync(path.join(dir, name)).mode & 0o777, name).toBe(0o600);
  await log.close();
});

test("the header names format, log, first number, ceiling and boot", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  await log.close();
  const header: unknown = JSON.parse(fs.readFileSync(path.join(dir, "events.jsonl"), "utf8").split("\n")[0]!);
  expect(header).toMatchObject({
    format: 1,
    minReader: 1,
    logId: log.logId,
    firstSeq: 1,
    ceiling: 65_536,
    bootId: "boot-a",
  });
  expect(log.logId).toMatch(/^log_[0-9a-f]{32}$/);
});

test("a clean stop leaves a mark; the next open takes it away and goes on with the next number", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a")]);
  await log.close();
  expect(fs.readFileSync(path.join(dir, "events.jsonl"), "utf8")).toMatch(
    /\{"clean":true,"head":1,"crc":"[0-9a-f]{8}"\}\n$/,
  );
  const again = await openQuiet(dir);
  expect(fs.readFileSync(path.join(dir, "events.jsonl"), "utf8")).not.toContain("clean");
  expect([again.logId, again.head(), again.gap, again.recovered]).toEqual([log.logId, 1, undefined, undefined]);
  expect(again.append([delta("b")]).firstSeq).toBe(2);
  expect(texts(again, 0)).toEqual(["a", "b"]);
  await again.close();
});

test("after kill -9 under the same boot numbers go on without a gap", async () => {
  const dir = tempDir();
  for (let round = 0; round < 3; round += 1) {
    const log = await openQuiet(dir);
    expect(log.head()).toBe(round * 2);
    log.append([delta("a"), delta("b")]);
    await abandon(log);
  }
  const log = await openQuiet(dir);
  expect(readAll(log).map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6]);
  await log.close();
});

test("a clean stop before another boot leaves no gap and begins a segment with a new ceiling", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a"), delta("b")]);
  await log.close();
  const again = await openQuiet(dir, { bootId: "boot-b" });
  expect([again.head(), again.gap]).toEqual([2, undefined]);
  again.append([delta("c")]);
  await abandon(again);
  const third = await openQuiet(dir, { bootId: "boot-b" });
  expect([third.head(), third.gap]).toEqual([3, undefined]);
  expect(texts(third, 0)).toEqual(["a", "b", "c"]);
  await third.close();
});

test("an unclean stop before another boot goes on behind the ceiling and says so", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a"), delta("b")]);
  await abandon(log);
  const again = await openQuiet(dir, { bootId: "boot-b" });
  expect(again.gap).toEqual({ from: 3, to: 65_536 });
  expect(again.head()).toBe(65_537);
  expect(readAll(again).map(({ seq, type, data }) => ({ seq, type, data }))).toEqual([
    { seq: 1, type: "item.delta", data: { delta: "a" } },
    { seq: 2, type: "item.delta", data: { delta: "b" } },
    { seq: 65_537, type: "log.gap", data: { from: 3, to: 65_536 } },
  ]);
  expect(again.read(40_000, ALL).frames.map((frame) => frame.seq)).toEqual([65_537]);
  await again.close();
});

test("an empty log that lived through a power loss also jumps, and stays one file", async () => {
  const dir = tempDir();
  await abandon(await openQuiet(dir));
  const log = await openQuiet(dir, { bootId: "boot-b" });
  expect(log.gap).toEqual({ from: 1, to: 65_536 });
  expect([log.oldest(), log.head()]).toEqual([65_537, 65_537]);
  await log.close();
  expect(fs.readdirSync(dir).sort()).toEqual(["events.head", "events.jsonl"]);
  await (await openQuiet(dir, { bootId: "boot-b" })).close();
});

test("an unfinished last line is cut and reported as an event", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a")]);
  await abandon(log);
  fs.appendFileSync(path.join(dir, "events.jsonl"), '{"seq":2,"at":');
  const again = await openQuiet(dir);
  expect(again.recovered).toEqual({ cutBytes: 14 });
  expect(again.gap).toBeUndefined();
  expect(readAll(again)).toMatchObject([{ seq: 1 }, { seq: 2, type: "log.recovered", data: { cutBytes: 14 } }]);
  await again.close();
});

test("a record that lacks only its newline is kept", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a"), delta("b")]);
  await abandon(log);
  const file = path.join(dir, "events.jsonl");
  fs.truncateSync(file, fs.statSync(file).size - 1);
  const again = await openQuiet(dir);
  again.append([delta("c")]);
  expect(texts(again, 0)).toEqual(["a", "b", "c"]);
  expect(again.recovered).toBeUndefined();
  await again.close();
});

test("a file cut behind a whole record is noticed: its numbers are not given out again", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a")]);
  const { size } = fs.statSync(path.join(dir, "events.jsonl"));
  log.append([delta("b"), delta("c")]);
  await abandon(log);
  fs.truncateSync(path.join(dir, "events.jsonl"), size);
  const again = await openQuiet(dir);
  expect(again.gap).toEqual({ from: 2, to: 65_536 });
  const events = readAll(again);
  assertContiguous(events);
  expect(events.map((event) => event.seq)).toEqual([1, 65_537]);
  await again.close();
});

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

test("readers are told once per turn of the loop, and a listener that left is not", async () => {
  const log = await openQuiet(tempDir());
  const heads: number[] = [];
  const stop = log.onAppend(() => heads.push(log.head()));
  log.append([delta("a")]);
  log.append([delta("b")]);
  expect(heads).toEqual([]);
  await Promise.resolve();
  expect(heads).toEqual([2]);
  stop();
  log.append([delta("c")]);
  await Promise.resolve();
  expect(heads).toEqual([2]);
  await log.close();
});

test("data that is no JSON takes no number", async () => {
  const log = await openQuiet(tempDir());
  expect(() => log.append([delta("a"), { ...delta("b"), data: 1n }])).toThrow(TypeError);
  expect(log.append([delta("c")])).toEqual({ firstSeq: 1, lastSeq: 1 });
  await log.close();
});

test("after close everything is refused by name and waiting ends", async () => {
  const log = await openQuiet(tempDir());
  const never = log.whenVisible(99);
  const closing = log.close();
  expect(log.close()).toBe(closing);
  expect(() => log.append([delta("late")])).toThrow(LogClosedError);
  await expect(never).rejects.toThrow(LogClosedError);
  await closing;
  expect(log.state).toBe("closed");
  expect(() => log.read(0, ALL)).toThrow(LogClosedError);
});

test("a batch must fit into one segment", async () => {
  const log = await openQuiet(tempDir());
  const record: LogRecordInput = { type: "a", at: AT, data: 0 };
  expect(() => log.append(Array.from({ length: 65_537 }, () => record))).toThrow(RangeError);
  log.append([record]);
  expect(log.append(Array.from({ length: 65_536 }, () => record))).toEqual({ firstSeq: 2, lastSeq: 65_537 });
  expect(log.read(65_500, { maxRecords: 100, maxBytes: 1e6 }).frames).toHaveLength(37);
  await log.close();
});

test("the defaults open a log without any options but the two it needs", async () => {
  const log = await EventLog.open({ dir: tempDir(), onFatal: QUIET.onFatal });
  log.append([delta("a")], { sync: true });
  await log.whenVisible(1);
  expect(log.bytes()).toBeGreaterThan(200);
  await log.close();
});

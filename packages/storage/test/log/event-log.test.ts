import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { EventLog, LogClosedError, type LogRecordInput } from "../../src/index.ts";
import { ALL, AT, delta, openQuiet, QUIET, texts, useTempDirs } from "./helpers.ts";

const tempDir = useTempDirs();

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

import { expect, test } from "vitest";
import { EventLog, StorageFullError, type LogState } from "../../src/index.ts";
import { assertContiguous, delta, openQuiet, readAll, useTempDirs } from "./helpers.ts";
import { interceptFs, systemError, type FsOp } from "./fs-faults.ts";

const tempDir = useTempDirs();
const OPTIONS = { segmentBytesMax: 2000, fullRetryMs: 1 };
const CODES = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Calls that need room. */
function needsRoom(op: FsOp): boolean {
  return (
    op.name === "writeSync" ||
    op.name === "renameSync" ||
    (op.name === "openSync" && op.args[1] !== "r" && op.args[1] !== "r+")
  );
}

/** A disk that is full from the n-th such call on, after a part of that write, until `free` is called. */
function fullDisk(nth: number): { restore: () => void; free: () => void; calls: () => number } {
  let calls = 0;
  let isFree = false;
  const restore = interceptFs((op) => {
    if (!needsRoom(op)) return op.run(...op.args);
    calls += 1;
    if (isFree || calls < nth) return op.run(...op.args);
    const [fd, buffer, offset, length, position] = op.args as [number, Buffer, number, number, number];
    if (op.name === "writeSync" && calls === nth && length > 1) {
      return op.run(fd, buffer, offset, Math.ceil(length / 2), position);
    }
    // Taking a rename back needs no room: its old name has just become free.
    if (op.name === "renameSync" && calls > nth) return op.run(...op.args);
    throw systemError(CODES[nth % 3]!);
  });
  return { restore, free: () => void (isFree = true), calls: () => calls };
}

function whenState(log: EventLog, wanted: LogState): Promise<void> {
  if (log.state === wanted) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = log.onState((state) => {
      if (state !== wanted) return;
      stop();
      resolve();
    });
  });
}

/** Writes 24 batches; each refused one is written again when the log says that there is room. */
async function writeThrough(dir: string, free: () => void): Promise<{ refusals: number }> {
  let refusals = 0;
  let log: EventLog | undefined;
  while (log === undefined) {
    try {
      log = await openQuiet(dir, OPTIONS);
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error;
      refusals += 1;
      free();
    }
  }
  for (let i = 0; i < 24; i += 1) {
    const batch = [delta(`${i}a ${"x".repeat(60)}`), delta(`${i}b`)];
    const before = log.written();
    try {
      log.append(batch, { sync: i % 5 === 0 });
    } catch (error) {
      if (!(error instanceof StorageFullError)) throw error;
      refusals += 1;
      expect([log.written(), log.state]).toEqual([before, "full"]);
      expect(() => log?.append(batch)).toThrow(StorageFullError);
      expect(readAll(log)).toHaveLength(log.head());
      free();
      await whenState(log, "ok");
      log.append(batch, { sync: i % 5 === 0 });
    }
  }
  await log.close();
  return { refusals };
}

test("a disk that fills up at any write loses nothing and needs no restart", async () => {
  let points = 0;
  let refusals = 0;
  for (let nth = 1; ; nth += 1) {
    const dir = tempDir();
    const disk = fullDisk(nth);
    try {
      refusals += (await writeThrough(dir, disk.free)).refusals;
    } finally {
      disk.restore();
    }
    if (disk.calls() < nth) break;
    points += 1;
    const log = await openQuiet(dir, OPTIONS);
    const events = readAll(log);
    expect([log.gap, log.recovered]).toEqual([undefined, undefined]);
    assertContiguous(events);
    const expected = Array.from({ length: 48 }, (_, i) => `${i >> 1}${i % 2 === 0 ? `a ${"x".repeat(60)}` : "b"}`);
    expect(events.map((event) => event.data["delta"])).toEqual(expected);
    await log.close();
  }
  expect(points).toBeGreaterThan(60);
  expect(refusals).toBeGreaterThan(40);
});

test("it stays full until a probe can be written, and a probe leaves nothing behind", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir, OPTIONS);
  log.append([delta("a")]);
  const size = log.bytes();
  const disk = fullDisk(1);
  expect(() => log.append([delta("b")])).toThrow(StorageFullError);
  const states: LogState[] = [];
  log.onState((state) => states.push(state));
  while (disk.calls() < 8) await new Promise((resolve) => setImmediate(resolve));
  expect([log.state, states]).toEqual(["full", []]);
  disk.free();
  await whenState(log, "ok");
  disk.restore();
  expect(states).toEqual(["ok"]);
  expect(log.bytes()).toBe(size);
  log.append([delta("b")]);
  await log.close();
  const again = await openQuiet(dir, OPTIONS);
  expect(readAll(again).map((event) => event.data["delta"])).toEqual(["a", "b"]);
  await again.close();
});

test("a log that is full can be closed, and goes on after the next open", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir, { fullRetryMs: 3_600_000 });
  log.append([delta("a")], { sync: true });
  const disk = fullDisk(1);
  expect(() => log.append([delta("b")])).toThrow(StorageFullError);
  await log.close();
  disk.restore();
  const again = await openQuiet(dir);
  expect([again.head(), again.gap]).toEqual([1, undefined]);
  await again.close();
});

import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { EventLog, LogClosedError, LogDamagedError, StorageFullError, verifyLog } from "../../src/index.ts";
import { DiskModel } from "./disk-model.ts";
import { interceptFs, systemError } from "./fs-faults.ts";
import {
  abandon,
  assertContiguous,
  AT,
  openQuiet,
  QUIET,
  readAll,
  restoreDir,
  snapshotDir,
  useTempDirs,
  type StoredEvent,
} from "./helpers.ts";

const tempDir = useTempDirs();
const SEGMENT = { segmentBytesMax: 2000 };
const OF_A = { sessions: new Set(["ses_a"]), rest: () => undefined };

/** Twelve records of each session by turns, those of ses_a with a secret, over several segments. */
function fill(log: EventLog, count = 12): void {
  for (let i = 0; i < count; i += 1) {
    const one = { type: "item.delta", at: AT, sessionId: "ses_a", turnId: "turn_1" };
    log.append([{ ...one, data: { delta: `secret ${i} ${'"data":'.repeat(i)}` } }]);
    log.append([
      { type: "item.completed", at: AT, sessionId: "ses_b", data: { text: `öffentlich ${i} ${"x".repeat(90)}` } },
    ]);
    log.append([{ type: "child.ready", at: AT, data: { i } }]);
  }
}

async function filled(dir: string): Promise<EventLog> {
  const log = await openQuiet(dir, SEGMENT);
  fill(log);
  log.seal();
  return log;
}

const textOf = (dir: string): string =>
  fs
    .readdirSync(dir)
    .map((name) => fs.readFileSync(path.join(dir, name), "utf8"))
    .join("\n");

const others = (events: readonly StoredEvent[]): string[] =>
  events.filter((event) => event.sessionId !== "ses_a").map((event) => JSON.stringify(event));

/** Every record of ses_a is as it was written, or forgotten; nothing else differs. */
function assertOnlyForgotten(events: readonly StoredEvent[], before: readonly StoredEvent[]): void {
  assertContiguous(events);
  expect(others(events)).toEqual(others(before));
  for (const [i, event] of events.entries()) {
    if (event.sessionId !== "ses_a" || "delta" in event.data) expect(event).toEqual(before[i]);
    else expect(event).toEqual({ ...before[i], data: { forgotten: true } });
  }
}

test("the records of a session keep number and head and lose their data; nothing else changes", async () => {
  const dir = tempDir();
  const log = await filled(dir);
  const before = readAll(log);
  expect(textOf(dir)).toContain("secret 11");
  const { segments, records } = await log.forget(OF_A);
  expect(records).toBe(12);
  expect(segments).toBeGreaterThan(2);
  const sizes = fs.readdirSync(dir).filter((name) => name.endsWith(".jsonl"));
  expect(log.bytes()).toBe(sizes.reduce((sum, name) => sum + fs.statSync(path.join(dir, name)).size, 0));
  const events = readAll(log);
  assertOnlyForgotten(events, before);
  expect(events.filter((event) => "forgotten" in event.data)).toHaveLength(12);
  await log.close();
  const again = await openQuiet(dir);
  expect(readAll(again)).toEqual(events);
  await again.close();
  expect(textOf(dir)).not.toContain("secret");
  expect((await verifyLog(dir)).damage).toEqual([]);
});

test("what `rest` names stays, and a second call finds nothing to do", async () => {
  const dir = tempDir();
  const log = await filled(dir);
  const seen: [string, unknown][] = [];
  const rest = (head: { type: string }, data: unknown) => {
    seen.push([head.type, data]);
    return { length: (data as { delta: string }).delta.length };
  };
  await log.forget({ ...OF_A, rest });
  expect(seen[0]).toEqual(["item.delta", { delta: "secret 0 " }]);
  expect(readAll(log)[0]?.data).toEqual({ forgotten: true, length: 9 });
  const files = snapshotDir(dir);
  expect(await log.forget(OF_A)).toEqual({ segments: 0, records: 0 });
  expect(snapshotDir(dir)).toEqual(files);
  await log.close();
});

test("the active segment is left alone until it is sealed, which may be done early", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  fill(log, 2);
  expect([log.sealedSeq(), await log.forget(OF_A)]).toEqual([0, { segments: 0, records: 0 }]);
  const sealed: unknown[] = [];
  log.onSeal((segment) => sealed.push(segment));
  log.seal();
  log.seal();
  await Promise.resolve();
  expect([log.sealedSeq(), sealed]).toEqual([6, [{ firstSeq: 1, lastSeq: 6 }]]);
  expect((await log.forget(OF_A)).records).toBe(2);
  expect(log.append([{ type: "x", at: AT, data: {} }]).firstSeq).toBe(7);
  await log.close();
});

test("readers anywhere in the log go on by number while it is written again, from memory and from disk", async () => {
  for (const tailCacheBytes of [0, 4_194_304]) {
    const log = await openQuiet(tempDir(), { ...SEGMENT, tailCacheBytes });
    fill(log);
    log.seal();
    const before = readAll(log);
    let isDone = false;
    const forgotten = log.forget(OF_A).then(() => (isDone = true));
    const cursors = [0, 5, 17, 30];
    while (!isDone) {
      for (const [at, cursor] of cursors.entries()) {
        const { frames, lastSeq } = log.read(cursor, { maxRecords: 1, maxBytes: 1 });
        const event = frames.map((frame) => JSON.parse(frame.bytes.toString()) as StoredEvent)[0];
        if (event !== undefined) expect(event.seq).toBe(cursor + 1);
        cursors[at] = lastSeq >= log.head() ? 0 : lastSeq;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await forgotten;
    assertOnlyForgotten(readAll(log), before);
    expect(JSON.stringify(readAll(log))).not.toContain("secret");
    const own = log.readSession("ses_b", 0, { maxRecords: 100, maxBytes: 1_000_000 });
    expect(own.frames).toHaveLength(12);
    await log.close();
  }
});

test("records longer than a slice, and the check in the background beside it", async () => {
  const dir = tempDir();
  const first = await openQuiet(dir);
  const long = "y".repeat(400_000);
  for (const sessionId of ["ses_a", "ses_b", "ses_a"]) {
    first.append([{ type: "item.completed", at: AT, sessionId, data: { text: long } }]);
  }
  first.seal();
  await first.close();
  const log = await openQuiet(dir);
  await Promise.all([log.forget(OF_A), log.whenChecked()]);
  expect(log.damage).toEqual([]);
  expect(readAll(log, 0, { maxRecords: 3, maxBytes: 2_000_000 }).map((event) => event.data)).toEqual([
    { forgotten: true },
    { text: long },
    { forgotten: true },
  ]);
  await log.close();
});

test("a damaged segment is left as it is and named; the others are done", async () => {
  const dir = tempDir();
  const log = await filled(dir);
  const file = path.join(dir, "events.1.jsonl");
  const bytes = fs.readFileSync(file);
  bytes[bytes.length - 40]! ^= 1;
  fs.writeFileSync(file, bytes);
  fs.rmSync(path.join(dir, "events.1.idx"));
  await expect(log.forget(OF_A)).rejects.toThrow(LogDamagedError);
  expect(fs.readFileSync(file)).toEqual(bytes);
  expect(fs.readFileSync(path.join(dir, "events.1.jsonl"), "utf8")).toContain("secret");
  expect(log.damage).toHaveLength(1);
  const rest = fs.readdirSync(dir).filter((name) => name.endsWith(".jsonl") && name !== "events.1.jsonl");
  for (const name of rest) expect(fs.readFileSync(path.join(dir, name), "utf8")).not.toContain("secret");
  await log.close();
});

test("a close while it runs ends it, with nothing half done", async () => {
  const dir = tempDir();
  const log = await filled(dir);
  const running = log.forget(OF_A).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 1));
  await log.close();
  expect(await running).toBeInstanceOf(LogClosedError);
  expect(fs.readdirSync(dir).filter((name) => name.endsWith(".rewrite"))).toEqual([]);
  expect((await verifyLog(dir)).damage).toEqual([]);
});

test("a segment that retention drops meanwhile stays dropped", async () => {
  const dir = tempDir();
  let now = AT;
  const log = await openQuiet(dir, { ...SEGMENT, now: () => now, checkPauseMs: 1 });
  fill(log);
  log.seal();
  const running = log.forget(OF_A);
  now = "2027-01-02T03:04:05.678Z";
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(log.dropSegments({ appliedSeq: 36, keepFromSeq: 37 })).toBeGreaterThan(2);
  await running;
  expect(fs.readdirSync(dir).sort()).toEqual(["events.head", "events.jsonl"]);
  await log.close();
});

type When = "before" | "half" | "after";
const READS = new Set(["closeSync"]);

/** The process dies at the n-th call that changes files: that call is done not at all, by half, or whole, then no other. */
function dieAt(nth: number, when: When): { restore: () => void; calls: () => number } {
  let calls = 0;
  const restore = interceptFs((op) => {
    if (READS.has(op.name) || (op.name === "openSync" && op.args[1] === "r")) return op.run(...op.args);
    calls += 1;
    if (calls < nth) return op.run(...op.args);
    if (calls === nth && when === "after" && !["openSync", "fsync", "fdatasync"].includes(op.name)) op.run(...op.args);
    if (calls === nth && when === "half" && op.name === "writeSync") {
      const [fd, buffer, offset, length, position] = op.args as [number, Buffer, number, number, number];
      op.run(fd, buffer, offset, length >> 1, position);
    }
    throw systemError("EDEAD");
  });
  return { restore, calls: () => calls };
}

test.each<When>(["before", "half", "after"])(
  "death %s any call: every record is there, forgotten or not, and the next life ends the work",
  async (when) => {
    for (let nth = 1; ; nth += 1) {
      const dir = tempDir();
      const log = await filled(dir);
      const before = readAll(log);
      const death = dieAt(nth, when);
      const ended = await log.forget(OF_A).then(
        () => "done",
        () => "died",
      );
      const calls = death.calls();
      const left = snapshotDir(dir);
      death.restore();
      await abandon(log);
      restoreDir(dir, left);
      if (calls < nth) {
        expect([ended, nth > 20]).toEqual(["done", true]);
        return;
      }
      const again = await openQuiet(dir, SEGMENT);
      expect(fs.readdirSync(dir).filter((name) => name.endsWith(".rewrite"))).toEqual([]);
      assertOnlyForgotten(readAll(again), before);
      await again.forget(OF_A);
      assertOnlyForgotten(readAll(again), before);
      await again.close();
      expect(textOf(dir)).not.toContain("secret");
      expect((await verifyLog(dir)).damage).toEqual([]);
    }
  },
);

test("power lost after any call: each segment is the one file or the other", async () => {
  const source = tempDir();
  const disk = new DiskModel(source);
  const marks: number[] = [];
  let before: StoredEvent[] = [];
  try {
    const log = await EventLog.open({ ...QUIET, dir: source, ...SEGMENT });
    fill(log, 6);
    log.seal();
    before = readAll(log);
    marks.push(disk.ops);
    await log.forget(OF_A);
    marks.push(disk.ops);
    await log.close();
  } finally {
    disk.release();
  }
  const [from = 0, to = 0] = marks;
  expect(to - from).toBeGreaterThan(20);
  const dir = tempDir();
  for (let op = from; op <= to; op += 1) {
    for (const mode of ["none", "all", "front", "holes"] as const) {
      let state = op;
      const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
      restoreDir(dir, disk.after(op, { random, mode }));
      const log = await openQuiet(dir, { ...SEGMENT, bootId: "boot-b" });
      const events = readAll(log).filter((event) => !event.type.startsWith("log."));
      assertOnlyForgotten(events, before);
      await log.whenChecked();
      expect(log.damage).toEqual([]);
      await log.close();
      if (op === to) expect(JSON.stringify(events)).not.toContain("secret");
    }
  }
});

test("a disk that is full at any write: named, nothing lost, nothing left behind, done when there is room", async () => {
  for (let nth = 1; ; nth += 1) {
    const dir = tempDir();
    const log = await filled(dir);
    const before = readAll(log);
    let calls = 0;
    const restore = interceptFs((op) => {
      const needsRoom =
        op.name === "writeSync" || op.name === "renameSync" || op.args[1] === "w" || op.name === "fsync";
      if (!needsRoom || op.args[0] === undefined) return op.run(...op.args);
      calls += 1;
      if (calls < nth) return op.run(...op.args);
      throw systemError("ENOSPC");
    });
    const error = await log.forget(OF_A).catch((caught: unknown) => caught);
    restore();
    if (calls < nth) {
      expect(nth).toBeGreaterThan(12);
      await log.close();
      return;
    }
    expect(error).toBeInstanceOf(StorageFullError);
    expect([log.state, fs.readdirSync(dir).filter((name) => name.endsWith(".rewrite"))]).toEqual(["ok", []]);
    assertOnlyForgotten(readAll(log), before);
    await log.forget(OF_A);
    expect(JSON.stringify(readAll(log))).not.toContain("secret");
    await log.close();
  }
});

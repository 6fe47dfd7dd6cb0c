import fs from "node:fs";
import { expect, test } from "vitest";
import { EventLog, StorageFullError, verifyLog } from "../../src/index.ts";
import { DiskModel } from "./disk-model.ts";
import { assertOnlyForgotten, fill, filled, OF_A, SEGMENT, textOf } from "./forget-kit.ts";
import { interceptFs, systemError } from "./fs-faults.ts";
import {
  abandon,
  openQuiet,
  QUIET,
  readAll,
  restoreDir,
  snapshotDir,
  useTempDirs,
  type StoredEvent,
} from "./helpers.ts";

const tempDir = useTempDirs();

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

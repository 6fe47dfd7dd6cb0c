import path from "node:path";
import { expect, test } from "vitest";
import { EventLog, LogDamagedError } from "../../src/index.ts";
import { DiskModel } from "./disk-model.ts";
import {
  abandon,
  assertContiguous,
  delta,
  openQuiet,
  QUIET,
  readAll,
  restoreDir,
  useTempDirs,
  type StoredEvent,
} from "./helpers.ts";

const tempDir = useTempDirs();

interface Acknowledgement {
  afterOp: number;
  seq: number;
  text: string;
  isSynced: boolean;
}

/**
 * Three lives of one log under one boot, the second ended by kill -9: what was acknowledged when, counted in calls of the
 * model.
 */
async function record(dir: string): Promise<{ disk: DiskModel; acks: Acknowledgement[] }> {
  const disk = new DiskModel(dir);
  const acks: Acknowledgement[] = [];
  const seen = new Set<number>();
  const note = (log: EventLog, o: { isSynced: boolean; from: number }): void => {
    for (const event of readAll(log, o.from)) {
      const ack = { afterOp: disk.ops, seq: event.seq, text: JSON.stringify(event), isSynced: o.isSynced };
      if (o.isSynced || !seen.has(event.seq)) acks.push(ack);
      seen.add(event.seq);
    }
  };
  try {
    for (const end of ["close", "kill", "close"]) {
      const log = await EventLog.open({ ...QUIET, dir, segmentBytesMax: 2500 });
      note(log, { isSynced: true, from: 0 });
      for (let i = 0; i < 14; i += 1) {
        const mustSync = i % 5 === 4;
        const { firstSeq, lastSeq } = log.append([delta(`${i} ${"x".repeat(120)}`), delta(`${i}`)], { sync: mustSync });
        if (mustSync) await log.whenVisible(lastSeq);
        note(log, { isSynced: mustSync, from: firstSeq - 1 });
      }
      await (end === "close" ? log.close() : abandon(log));
    }
  } finally {
    disk.release();
  }
  return { disk, acks };
}

/** A small generator, so that a failing state can be made again from its number. */
function random(seed: number): () => number {
  let state = seed + 0x9e3779b9;
  return () => {
    state = Math.imul(state ^ (state >>> 15), state | 1);
    state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
    return ((state ^ (state >>> 14)) >>> 0) / 4294967296;
  };
}

function assertKept(events: readonly StoredEvent[], acks: readonly Acknowledgement[], at: string): void {
  const found = new Map(events.map((event) => [event.seq, JSON.stringify(event)]));
  const gaps = events.filter((event) => event.type === "log.gap");
  for (const ack of acks) {
    if (found.get(ack.seq) === ack.text) continue;
    expect(found.get(ack.seq), `${at}: number ${ack.seq} is given out twice`).toBeUndefined();
    expect(ack.isSynced, `${at}: synced record ${ack.seq} is lost`).toBe(false);
    const isNamed = gaps.some((gap) => ack.seq >= Number(gap.data["from"]) && ack.seq <= Number(gap.data["to"]));
    expect(isNamed, `${at}: record ${ack.seq} is lost in silence`).toBe(true);
  }
}

test("power lost after any call, with any front part of what was not synced: synced stays, seen is never numbered again", async () => {
  const { disk, acks } = await record(tempDir());
  const dir = tempDir();
  let gaps = 0;
  for (let op = 1; op <= disk.ops; op += 1) {
    for (let state = 0; state < 3; state += 1) {
      restoreDir(
        dir,
        disk.after(op, { random: random(op * 16 + state), mode: (["none", "all", "front"] as const)[state]! }),
      );
      const log = await openQuiet(dir, { bootId: "boot-b", segmentBytesMax: 2500 });
      const events = readAll(log);
      assertContiguous(events);
      assertKept(
        events,
        acks.filter((ack) => ack.afterOp <= op),
        `call ${op}, state ${state}`,
      );
      gaps += log.gap === undefined ? 0 : 1;
      const known = new Set(acks.filter((ack) => ack.afterOp <= op).map((ack) => ack.seq));
      expect(known.has(log.append([delta("on")]).firstSeq)).toBe(false);
      await log.close();
    }
  }
  expect(gaps).toBeGreaterThan(300);
});

test("power lost with unsynced blocks in any order: recovered, or refused by name", async () => {
  const { disk, acks } = await record(tempDir());
  const dir = tempDir();
  const outcomes = { open: 0, refused: 0 };
  for (let op = 1; op <= disk.ops; op += 1) {
    restoreDir(dir, disk.after(op, { random: random(op), mode: "holes" }));
    try {
      const log = await openQuiet(dir, { bootId: "boot-b", segmentBytesMax: 2500 });
      assertKept(
        readAll(log),
        acks.filter((ack) => ack.afterOp <= op),
        `call ${op}`,
      );
      outcomes.open += 1;
      await log.close();
    } catch (error) {
      if (!(error instanceof LogDamagedError)) throw error;
      expect(path.dirname(error.file)).toBe(dir);
      outcomes.refused += 1;
    }
  }
  expect(outcomes.open).toBeGreaterThan(outcomes.refused);
});

import fs from "node:fs";
import path from "node:path";
import { readCheckpoint } from "@baa/storage";
import { describe, expect, test } from "vitest";
import { CheckpointWriter, loadRegistries } from "../../src/journal/checkpoints.ts";
import { Journal } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import { FakeLog } from "../support/fake-log.ts";
import { AT, openLog } from "../support/journal.ts";
import { accepted, created, event, forwarding } from "../support/records.ts";
import { tempDir } from "../support/temp-dir.ts";

const setUp = (o: { dir?: string } = {}) => {
  const dir = o.dir ?? tempDir();
  const log = new FakeLog();
  const registries = new Registries();
  const journal = new Journal({ log: log.port, registries, now: () => AT });
  const errors: unknown[] = [];
  const writer = new CheckpointWriter({
    dir,
    log: log.port,
    registries,
    storedSeq: 0,
    onError: (error) => errors.push(error),
  });
  return { dir, log, registries, journal, writer, errors };
};
const appliedIn = (dir: string, name = "session-registry.json"): number | undefined =>
  readCheckpoint(path.join(dir, name))?.appliedSeq;

/** A function to call and a promise of its being called. */
const signal = (): { fire: () => void; fired: Promise<void> } => {
  let fire!: () => void;
  const fired = new Promise<void>((resolve) => (fire = resolve));
  return { fire, fired };
};

describe("when a checkpoint is written", () => {
  test("at the stop, if anything happened since the last one", async () => {
    const { dir, journal, writer } = setUp();
    await writer.stop();
    expect(fs.readdirSync(dir)).toEqual([]);
    journal.append([created()]);
    await writer.stop();
    expect(appliedIn(dir)).toBe(1);
    const { ino } = fs.statSync(path.join(dir, "session-registry.json"));
    await writer.stop();
    expect(fs.statSync(path.join(dir, "session-registry.json")).ino).toBe(ino);
  });

  test("when a segment is sealed", async () => {
    const { dir, log, journal, writer } = setUp();
    writer.start();
    journal.append([created()]);
    const synced = signal();
    log.sync = async () => synced.fire();
    log.seal();
    await synced.fired;
    journal.append([accepted()]);
    log.state = "full";
    await writer.stop();
    expect(appliedIn(dir)).toBe(1);
  });

  test("not while the disk is full or the log is closed", async () => {
    for (const state of ["full", "closed"] as const) {
      const { dir, log, journal, writer } = setUp();
      journal.append([created()]);
      log.state = state;
      await writer.stop();
      expect(fs.readdirSync(dir)).toEqual([]);
    }
  });

  test("never before the events in it are on disk", async () => {
    const { dir, log, journal, writer } = setUp();
    journal.append([created()]);
    const synced = signal();
    log.sync = () => synced.fired;
    const stopped = writer.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(fs.readdirSync(dir)).toEqual([]);
    synced.fire();
    await stopped;
    expect(appliedIn(dir)).toBe(1);
  });

  test("as of one moment: what happens meanwhile is not in it", async () => {
    const { dir, log, journal, writer } = setUp();
    journal.append([created()]);
    log.sync = async () => void journal.append([created({ id: "ses_2", threadId: "thr_2" }), accepted()]);
    await writer.stop();
    expect(readCheckpoint(path.join(dir, "session-registry.json"))?.entries).toHaveLength(1);
    expect(readCheckpoint(path.join(dir, "run-registry.json"))).toMatchObject({ appliedSeq: 1, entries: [] });
  });

  test("never two at a time, a stop included; what was sealed meanwhile is in the last one", async () => {
    const { dir, log, journal, writer } = setUp();
    writer.start();
    let atOnce = 0;
    let most = 0;
    log.sync = async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setTimeout(resolve, 2));
      atOnce -= 1;
    };
    journal.append([created()]);
    log.seal();
    journal.append([accepted()]);
    log.seal();
    log.seal();
    journal.append([forwarding()]);
    await writer.stop();
    expect(most).toBe(1);
    expect(appliedIn(dir)).toBe(3);
  });

  test("a failure is told, and the next one is written", async () => {
    const dir = path.join(tempDir(), "not-made-yet");
    const { log, journal, writer, errors } = setUp({ dir });
    writer.start();
    journal.append([created()]);
    log.seal();
    await expect(writer.stop()).rejects.toMatchObject({ code: "ENOENT" });
    expect(errors).toMatchObject([{ code: "ENOENT" }]);
    fs.mkdirSync(dir);
    await writer.stop();
    expect(appliedIn(dir)).toBe(1);
  });
});

describe("which segments may be dropped (E6)", () => {
  test("only what both generations have applied, and nothing of an open turn", async () => {
    const { log, journal, writer } = setUp();
    journal.append([created(), accepted()]);
    await writer.stop();
    expect(log.dropped).toEqual([{ appliedSeq: 0, keepFromSeq: 2 }]);
    journal.append([event("turn.failed")]);
    await writer.stop();
    expect(log.dropped[1]).toEqual({ appliedSeq: 2, keepFromSeq: 4 });
    expect(writer.safeSeq).toBe(2);
  });

  test("after a start, the former generation is the one found on disk, without the tail", async () => {
    const dir = tempDir();
    const life = async () => {
      const log = await openLog(path.join(dir, "log"));
      const registries = new Registries();
      const { storedSeq } = loadRegistries(dir, log, registries);
      const journal = new Journal({ log, registries, now: () => AT });
      const onError = (error: unknown): void => {
        throw error;
      };
      return { log, journal, writer: new CheckpointWriter({ dir, log, registries, storedSeq, onError }) };
    };
    const one = await life();
    one.journal.append([created(), accepted()]);
    await one.writer.stop();
    one.journal.append([forwarding(), event("turn.lost")]);
    await one.log.close();
    const two = await life();
    two.journal.append([accepted({ turnId: "turn_2" })]);
    await two.writer.stop();
    expect(readCheckpoint(path.join(dir, "run-registry.json"))?.appliedSeq).toBe(5);
    fs.rmSync(path.join(dir, "run-registry.json"));
    expect(readCheckpoint(path.join(dir, "run-registry.json"))).toMatchObject({
      generation: "previous",
      appliedSeq: 2,
    });
    expect(two.writer.safeSeq).toBe(2);
  });
});

import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type EventLog, planRebuild, readStoredLog, rebuildLog, verifyLog } from "../../src/index.ts";
import { assertContiguous, AT, BOOT, delta, openQuiet, readAll, snapshotDir, useTempDirs } from "./helpers.ts";

const tempDir = useTempDirs();
const SMALL = { segmentRecordsMax: 4, tailCacheBytes: 0 };

/** Ten records: 1-4 and 5-8 are sealed, 9 and 10 are in the active segment. */
async function tenRecords(dir: string, count = 10): Promise<void> {
  const log = await openQuiet(dir, SMALL);
  for (let i = 1; i <= count; i += 1) log.append([delta(`text ${i};`)]);
  await log.close();
}

function damage(file: string, text: string): void {
  const content = fs.readFileSync(file);
  const at = content.indexOf(text);
  if (at < 0) throw new Error(`${text} is not in ${file}`);
  content[at + 1]! ^= 1;
  fs.writeFileSync(file, content);
}

function survivors(dir: string, after = 0): number[] {
  const seqs: number[] = [];
  readStoredLog(dir, { after, onRecord: ({ head }) => void seqs.push(head.seq) });
  return seqs;
}

/** Rebuilds as the command does; returns the log opened again, and where the rest lies. */
async function rebuild(dir: string, o: { knownSeq?: number; bootId?: string } = {}): Promise<[EventLog, string]> {
  const asideDir = path.join(dir, "aside");
  fs.mkdirSync(asideDir);
  const bootId = o.bootId ?? BOOT;
  const plan = planRebuild(dir, { bootId, knownSeq: o.knownSeq ?? 0 });
  rebuildLog(dir, plan, { asideDir, bootId, at: AT, records: [{ type: "log.recovered", at: AT, data: {} }] });
  expect((await verifyLog(dir)).damage).toEqual([]);
  return [await openQuiet(dir, { ...SMALL, bootId }), asideDir];
}

const shown = (log: EventLog): [number, string][] => readAll(log).map((event) => [event.seq, event.type]);

test("reading goes around a damaged record and says which number is missing", async () => {
  const dir = tempDir();
  await tenRecords(dir);
  damage(path.join(dir, "events.5.jsonl"), "text 6;");
  const found = readStoredLog(dir, { onRecord: () => undefined });
  expect(found).toMatchObject({ firstSeq: 1, lastSeq: 10, records: 9, holes: [{ from: 6, to: 6 }] });
  expect(survivors(dir)).toEqual([1, 2, 3, 4, 5, 7, 8, 9, 10]);
  expect(survivors(dir, 8)).toEqual([9, 10]);
});

test("reading a whole log finds no hole, not even where it declares a gap", async () => {
  const dir = tempDir();
  await tenRecords(dir);
  fs.truncateSync(path.join(dir, "events.jsonl"), 300);
  await (await openQuiet(dir, SMALL)).close();
  const found = readStoredLog(dir, { onRecord: () => undefined });
  expect(found.holes).toEqual([]);
  expect(survivors(dir)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 65_545, 65_546]);
});

test("a visitor that has had enough ends the reading", async () => {
  const dir = tempDir();
  await tenRecords(dir);
  const seqs: number[] = [];
  readStoredLog(dir, { onRecord: ({ head }) => seqs.push(head.seq) < 3 });
  expect(seqs).toEqual([1, 2, 3]);
});

test("damage in a sealed segment: it and what is before it goes, numbers go on without a gap", async () => {
  const dir = tempDir();
  await tenRecords(dir);
  const before = snapshotDir(dir);
  damage(path.join(dir, "events.1.jsonl"), "text 2;");
  const damaged = fs.readFileSync(path.join(dir, "events.1.jsonl"));
  const [log, aside] = await rebuild(dir);
  expect(log.oldest()).toBe(5);
  expect(shown(log)).toEqual([...[5, 6, 7, 8, 9, 10].map((seq) => [seq, "item.delta"]), [11, "log.recovered"]]);
  expect(log.append([delta("next")]).firstSeq).toBe(12);
  expect(fs.readFileSync(path.join(aside, "events.1.jsonl"))).toEqual(damaged);
  expect(fs.readFileSync(path.join(aside, "events.jsonl"))).toEqual(before.get("events.jsonl"));
  await log.close();
});

test("damage in the middle of the active segment: its front stays, no number is given out again", async () => {
  const dir = tempDir();
  await tenRecords(dir, 11);
  damage(path.join(dir, "events.jsonl"), "text 10;");
  const [log] = await rebuild(dir);
  const events = readAll(log);
  expect(events.slice(-3).map(({ seq, type, data }) => [seq, type, data])).toEqual([
    [9, "item.delta", { delta: "text 9;" }],
    [65_545, "log.gap", { from: 10, to: 65_544 }],
    [65_546, "log.recovered", {}],
  ]);
  assertContiguous(events);
  await log.close();
});

test("the header of the active segment is damaged: what is sealed stays", async () => {
  const dir = tempDir();
  await tenRecords(dir);
  damage(path.join(dir, "events.jsonl"), "firstSeq");
  expect(survivors(dir)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const [log] = await rebuild(dir);
  const events = readAll(log);
  assertContiguous(events);
  expect(events.slice(0, 9).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 131_078]);
  await log.close();
});

test("the active segment is missing: the head mark keeps its numbers from being used again", async () => {
  const dir = tempDir();
  await tenRecords(dir);
  fs.rmSync(path.join(dir, "events.jsonl"));
  const [log] = await rebuild(dir);
  const events = readAll(log);
  assertContiguous(events);
  expect(events[8]!.seq).toBeGreaterThan(10 + 65_536);
  await log.close();
});

test("nothing is readable: a log of the same id goes on above everything a checkpoint has seen", async () => {
  const dir = tempDir();
  await tenRecords(dir, 3);
  fs.writeFileSync(path.join(dir, "events.jsonl"), "garbage\n".repeat(100));
  fs.mkdirSync(path.join(dir, "aside"));
  const plan = planRebuild(dir, { bootId: BOOT, knownSeq: 500, logId: "log_known" });
  const o = { asideDir: path.join(dir, "aside"), bootId: BOOT, at: AT, records: [] };
  rebuildLog(dir, plan, o);
  const log = await openQuiet(dir);
  expect([log.logId, log.oldest() > 500 + 65_536, shown(log).map(([, type]) => type)]).toEqual([
    "log_known",
    true,
    ["log.gap"],
  ]);
  await log.close();
});

test("a checkpoint that has seen more than the log holds moves the next number", async () => {
  const dir = tempDir();
  await tenRecords(dir);
  damage(path.join(dir, "events.1.jsonl"), "text 2;");
  const [log] = await rebuild(dir, { knownSeq: 70_000 });
  expect(readAll(log).at(-1)!.seq).toBe(70_002);
  await log.close();
});

test("another boot without a clean stop: a gap up to the ceiling", async () => {
  const dir = tempDir();
  await tenRecords(dir);
  const active = path.join(dir, "events.jsonl");
  const content = fs.readFileSync(active);
  fs.truncateSync(active, content.lastIndexOf("\n", content.length - 2) + 1); // the clean-stop mark goes
  damage(path.join(dir, "events.1.jsonl"), "text 2;");
  const [log] = await rebuild(dir, { bootId: "boot-b" });
  expect(readAll(log).find(({ type }) => type === "log.gap")).toMatchObject({ data: { from: 11, to: 65_544 } });
  await log.close();
});

test("killed at any step, what is there is refused or whole, and a second attempt ends well", async () => {
  const origin = tempDir();
  await tenRecords(origin, 11);
  damage(path.join(origin, "events.jsonl"), "text 10;");
  damage(path.join(origin, "events.1.jsonl"), "text 2;");
  const { renameSync } = fs;
  for (let steps = 0; ; steps += 1) {
    const dir = tempDir();
    fs.cpSync(origin, dir, { recursive: true });
    let left = steps;
    const dying = (from: fs.PathLike, to: fs.PathLike): void => {
      if (left-- === 0) throw new Error("killed");
      renameSync(from, to);
    };
    const o = { asideDir: path.join(dir, "aside"), bootId: BOOT, at: AT, records: [] };
    fs.mkdirSync(o.asideDir);
    Object.assign(fs, { renameSync: dying });
    let isDone = true;
    try {
      rebuildLog(dir, planRebuild(dir, { bootId: BOOT, knownSeq: 0 }), o);
    } catch {
      isDone = false;
    } finally {
      Object.assign(fs, { renameSync });
    }
    if ((await verifyLog(dir)).damage.length > 0) rebuildLog(dir, planRebuild(dir, { bootId: BOOT, knownSeq: 0 }), o);
    const log = await openQuiet(dir, SMALL);
    const events = readAll(log);
    assertContiguous(events, 5);
    expect(events.some(({ seq }) => seq === 9)).toBe(true);
    expect(log.append([delta("next")]).firstSeq).toBeGreaterThan(65_544);
    await log.close();
    if (isDone) break;
  }
});

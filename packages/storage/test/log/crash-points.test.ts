import { expect, test } from "vitest";
import { EventLog } from "../../src/index.ts";
import { abandon, assertContiguous, delta, openQuiet, QUIET, readAll, useTempDirs } from "./helpers.ts";
import { interceptFs, systemError } from "./fs-faults.ts";

const tempDir = useTempDirs();
type When = "before" | "half" | "after";

/** The process dies at the n-th call that changes files: that call is done not at all, by half, or whole, then no other. */
function dieAt(nth: number, when: When): { restore: () => void; calls: () => number } {
  let calls = 0;
  const restore = interceptFs((op) => {
    if (op.name === "closeSync") return op.run(...op.args);
    if (op.name === "openSync" && op.args[1] === "r") return op.run(...op.args);
    calls += 1;
    if (calls < nth) return op.run(...op.args);
    if (calls === nth && when === "after" && op.name !== "openSync" && !op.name.startsWith("f")) op.run(...op.args);
    if (calls === nth && when === "half" && op.name === "writeSync") {
      const [fd, buffer, offset, length, position] = op.args as [number, Buffer, number, number, number];
      op.run(fd, buffer, offset, length >> 1, position);
    }
    throw systemError("EDEAD");
  });
  return { restore, calls: () => calls };
}

/** Writes over several segments; returns what was visible before the end. */
async function write(dir: string, bootId: string, acknowledged: Map<number, string>): Promise<void> {
  let log: EventLog | undefined;
  try {
    log = await EventLog.open({ ...QUIET, dir, bootId, segmentBytesMax: 1500, onFatal: () => undefined });
    const note = (from: EventLog): void => {
      for (const event of readAll(from)) acknowledged.set(event.seq, JSON.stringify(event));
    };
    note(log);
    for (let i = 0; i < 8; i += 1) {
      const { lastSeq } = log.append([delta(`${i} ${"x".repeat(150)}`), delta(`${i}`)], { sync: i % 3 === 0 });
      note(log);
      if (i % 3 === 0) await log.whenVisible(lastSeq);
      note(log);
    }
    await log.close();
  } catch {
    await log?.close().catch(() => undefined);
  }
}

async function dieEverywhere(
  prepare: (dir: string) => Promise<void>,
  bootId: string,
  when: When,
): Promise<{ points: number; gaps: number }> {
  let gaps = 0;
  for (let nth = 1; ; nth += 1) {
    const dir = tempDir();
    await prepare(dir);
    const acknowledged = new Map<number, string>();
    const death = dieAt(nth, when);
    try {
      await write(dir, bootId, acknowledged);
    } finally {
      death.restore();
    }
    if (death.calls() < nth) return { points: nth - 1, gaps };
    const log = await openQuiet(dir, { bootId, segmentBytesMax: 1500 });
    const events = readAll(log);
    assertContiguous(events);
    gaps += events.filter((event) => event.type === "log.gap").length;
    const found = new Map(events.map((event) => [event.seq, JSON.stringify(event)]));
    for (const [seq, text] of acknowledged) expect(found.get(seq), `call ${nth}, record ${seq}`).toBe(text);
    const { firstSeq } = log.append([delta("on")]);
    expect(acknowledged.has(firstSeq)).toBe(false);
    await log.close();
  }
}

const WHEN: When[] = ["before", "half", "after"];

test.each(WHEN)("death %s any call, from the first open on: nothing seen is lost, no gap", async (when) => {
  const { points, gaps } = await dieEverywhere(async () => undefined, "boot-a", when);
  expect(points).toBeGreaterThan(50);
  expect(gaps).toBe(0);
});

/** A log with a torn end that another boot has to repair: cut, new segment, gap. */
async function torn(dir: string): Promise<void> {
  const log = await openQuiet(dir, { segmentBytesMax: 1500 });
  for (let i = 0; i < 6; i += 1) log.append([delta(`old ${i} ${"x".repeat(150)}`)]);
  await abandon(log);
  const { default: fs } = await import("node:fs");
  fs.appendFileSync(`${dir}/events.jsonl`, '{"seq":7,"at"');
}

test.each(WHEN)(
  "death %s any call of a repair and after it: the repair is done again, one gap for all",
  async (when) => {
    const { points, gaps } = await dieEverywhere(torn, "boot-b", when);
    expect(points).toBeGreaterThan(50);
    expect(gaps).toBe(points);
  },
);

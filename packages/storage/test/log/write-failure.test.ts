import { expect, test } from "vitest";
import { LogClosedError, type EventLog } from "../../src/index.ts";
import { assertContiguous, delta, openQuiet, readAll, useTempDirs } from "./helpers.ts";
import { interceptFs, systemError, type FsOp } from "./fs-faults.ts";

const tempDir = useTempDirs();
const SYNCS = ["fsyncSync", "fdatasync", "fsync"];

interface Outcome {
  acknowledged: Map<number, string>;
  fatal: Error[];
  hasFailed: boolean;
}

/** Appends with waiting until something fails; what was visible counts as acknowledged. */
async function writeUntilFailure(dir: string, outcome: Outcome): Promise<void> {
  const onFatal = (error: Error): void => void outcome.fatal.push(error);
  let log: EventLog | undefined;
  try {
    log = await openQuiet(dir, { onFatal, segmentBytesMax: 2000 });
    for (let i = 0; i < 20; i += 1) {
      const { lastSeq } = log.append([delta(`${i} ${"x".repeat(100)}`)], { sync: i % 2 === 0 });
      if (i % 2 === 0) await log.whenVisible(lastSeq);
      for (const event of readAll(log)) outcome.acknowledged.set(event.seq, String(event.data["delta"]));
    }
    await log.close();
  } catch {
    outcome.hasFailed = true;
    if (log !== undefined && outcome.fatal.length > 0) {
      expect(log.state).toBe("closed");
      expect(() => log?.append([delta("late")])).toThrow(LogClosedError);
      await expect(log.whenVisible(log.written() + 1)).rejects.toThrow(LogClosedError);
    }
    await log?.close().catch(() => undefined);
  }
}

async function failNth(o: {
  code: string;
  matches: (op: FsOp) => boolean;
}): Promise<{ points: number; fatal: number }> {
  let fatal = 0;
  for (let nth = 1; ; nth += 1) {
    const dir = tempDir();
    let calls = 0;
    const restore = interceptFs((op) => {
      if (o.matches(op) && ++calls === nth) throw systemError(o.code);
      return op.run(...op.args);
    });
    const outcome: Outcome = { acknowledged: new Map(), fatal: [], hasFailed: false };
    try {
      await writeUntilFailure(dir, outcome);
    } finally {
      restore();
    }
    if (calls < nth) return { points: nth - 1, fatal };
    expect(outcome.hasFailed, `call ${nth} failed unnoticed`).toBe(true);
    expect(outcome.fatal.length).toBeLessThanOrEqual(1);
    fatal += outcome.fatal.length;
    const log = await openQuiet(dir);
    const events = readAll(log);
    assertContiguous(events);
    for (const [seq, text] of outcome.acknowledged) {
      expect(events.find((event) => event.seq === seq)?.data["delta"], `call ${nth}, record ${seq}`).toBe(text);
    }
    await log.close();
  }
}

test("an fsync that fails once ends the log: nothing since the last good one is acknowledged", async () => {
  const { points, fatal } = await failNth({ code: "EIO", matches: (op) => SYNCS.includes(op.name) });
  expect(points).toBeGreaterThan(15);
  expect(fatal).toBeGreaterThan(10);
});

test("a group commit that reports a full disk also ends the log: what was written may be lost already", async () => {
  const { fatal } = await failNth({ code: "ENOSPC", matches: (op) => op.name === "fdatasync" || op.name === "fsync" });
  expect(fatal).toBeGreaterThan(5);
});

test("a write that fails for another reason than room ends the log", async () => {
  const { points, fatal } = await failNth({ code: "EIO", matches: (op) => op.name === "writeSync" && !isIndex(op) });
  expect(points).toBeGreaterThan(30);
  expect(fatal).toBeGreaterThan(20);
});

/** Indexes are derived data: one that cannot be written is rebuilt when it is needed. */
function isIndex(op: FsOp): boolean {
  return String(op.args[1]).startsWith('{"format":1,"firstSeq":');
}

import path from "node:path";
import { LogDamagedError } from "../../src/index.ts";
import { abandon, AT, delta, openQuiet, readAll, snapshotDir, type StoredEvent } from "./helpers.ts";

export interface CorruptionCase {
  stop: "killed" | "clean";
  boot: string;
  segmentBytesMax: number;
  records: number;
}

/** A log whose records are all acknowledged; 16 of them are about 4 KiB. */
export async function makeLog(
  dir: string,
  o: CorruptionCase,
): Promise<{ files: Map<string, Buffer>; known: Map<number, string> }> {
  const log = await openQuiet(dir, { segmentBytesMax: o.segmentBytesMax });
  for (let i = 1; i <= o.records; i += 1) {
    const mustSync = i % 4 === 0;
    const { lastSeq } = log.append(
      [delta(`${i} ${"x".repeat(90)}`, { type: mustSync ? "turn.accepted" : "item.delta" })],
      { sync: mustSync },
    );
    if (mustSync) await log.whenVisible(lastSeq);
  }
  const known = new Map(readAll(log).map((event) => [event.seq, JSON.stringify(event)]));
  await (o.stop === "clean" ? log.close() : abandon(log));
  return { files: snapshotDir(dir), known };
}

/** Opens the damaged log and checks: everything acknowledged is there, or is refused or given up by name. */
export async function check(dir: string, boot: string, known: ReadonlyMap<number, string>): Promise<string> {
  let log: Awaited<ReturnType<typeof openQuiet>>;
  try {
    log = await openQuiet(dir, { bootId: boot });
  } catch (error) {
    if (!(error instanceof LogDamagedError)) throw error;
    const isByName = error.message.includes(path.join(dir, "events")) && error.message.includes("codexd log reset");
    if (!isByName) throw error;
    return "refused";
  }
  try {
    const events = readAll(log);
    const gaps = events.filter((event) => event.type === "log.gap");
    assertKept(events, gaps, known);
    const { firstSeq } = log.append([{ type: "after", at: AT, data: {} }]);
    if (firstSeq <= known.size) throw new Error(`number ${firstSeq} is given out again`);
    return gaps.length > 0 ? "gap" : "whole";
  } catch (error) {
    if (!(error instanceof LogDamagedError)) throw error;
    if (!log.damage.some((damage) => damage.file === error.file)) throw error;
    return "refused on read";
  } finally {
    await log.close();
  }
}

/** Plain checks instead of expect(): they run some hundred thousand times. */
function assertKept(
  events: readonly StoredEvent[],
  gaps: readonly StoredEvent[],
  known: ReadonlyMap<number, string>,
): void {
  const found = new Map(events.map((event) => [event.seq, event]));
  for (const [seq, text] of known) {
    const event = found.get(seq);
    if (event === undefined) {
      if (!gaps.some((gap) => isInGap(gap, seq))) throw new Error(`record ${seq} is silently lost`);
    } else if (JSON.stringify(event) !== text) throw new Error(`record ${seq} came back as another one`);
  }
}

function isInGap(gap: StoredEvent, seq: number): boolean {
  return seq >= Number(gap.data["from"]) && seq <= Number(gap.data["to"]);
}

export const CASES: [string, CorruptionCase][] = [
  ["one segment, killed, same boot", { stop: "killed", boot: "boot-a", segmentBytesMax: 1e6, records: 16 }],
  ["one segment, stopped, same boot", { stop: "clean", boot: "boot-a", segmentBytesMax: 1e6, records: 4 }],
  ["one segment, killed, other boot", { stop: "killed", boot: "boot-b", segmentBytesMax: 1e6, records: 16 }],
  ["three segments, killed, same boot", { stop: "killed", boot: "boot-a", segmentBytesMax: 700, records: 6 }],
  ["three segments, stopped, other boot", { stop: "clean", boot: "boot-b", segmentBytesMax: 1500, records: 12 }],
];

export function count(outcomes: Map<string, number>, outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

export function total(outcomes: ReadonlyMap<string, number>): number {
  return [...outcomes.values()].reduce((sum, n) => sum + n, 0);
}

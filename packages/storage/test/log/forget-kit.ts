import fs from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import type { EventLog } from "../../src/index.ts";
import { assertContiguous, AT, openQuiet, type StoredEvent } from "./helpers.ts";

export const SEGMENT = { segmentBytesMax: 2000 };
export const OF_A = { sessions: new Set(["ses_a"]), rest: () => undefined };

/** Twelve records of each session by turns, those of ses_a with a secret, over several segments. */
export function fill(log: EventLog, count = 12): void {
  for (let i = 0; i < count; i += 1) {
    const one = { type: "item.delta", at: AT, sessionId: "ses_a", turnId: "turn_1" };
    log.append([{ ...one, data: { delta: `secret ${i} ${'"data":'.repeat(i)}` } }]);
    log.append([
      { type: "item.completed", at: AT, sessionId: "ses_b", data: { text: `öffentlich ${i} ${"x".repeat(90)}` } },
    ]);
    log.append([{ type: "child.ready", at: AT, data: { i } }]);
  }
}

/** A log of these records whose last segment is sealed, too. */
export async function filled(dir: string): Promise<EventLog> {
  const log = await openQuiet(dir, SEGMENT);
  fill(log);
  log.seal();
  return log;
}

/** Everything that stands in the files. */
export const textOf = (dir: string): string =>
  fs
    .readdirSync(dir)
    .map((name) => fs.readFileSync(path.join(dir, name), "utf8"))
    .join("\n");

const others = (events: readonly StoredEvent[]): string[] =>
  events.filter((event) => event.sessionId !== "ses_a").map((event) => JSON.stringify(event));

/** Every record of ses_a is as it was written, or forgotten; nothing else differs. */
export function assertOnlyForgotten(events: readonly StoredEvent[], before: readonly StoredEvent[]): void {
  assertContiguous(events);
  expect(others(events)).toEqual(others(before));
  for (const [i, event] of events.entries()) {
    if (event.sessionId !== "ses_a" || "delta" in event.data) expect(event).toEqual(before[i]);
    else expect(event).toEqual({ ...before[i], data: { forgotten: true } });
  }
}

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach } from "vitest";
import { EventLog, type EventLogOptions, type LogRecordInput } from "../../src/index.ts";

export const AT = "2026-01-02T03:04:05.678Z";
export const BOOT = "boot-a";

/** Options that keep tests quick and quiet: nothing happens by timer, and a fatal error fails the test. */
export const QUIET = {
  bootId: BOOT,
  syncIntervalMs: 3_600_000,
  checkPauseMs: 0,
  now: () => AT,
  onFatal: (error: Error): void => {
    throw error;
  },
} satisfies Partial<EventLogOptions>;

/** Memory-backed where the system has it: the fault suites open a log tens of thousands of times. */
export function makeTempDir(): string {
  const root = fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir();
  return fs.mkdtempSync(path.join(root, "baa-log-"));
}

/** A temporary directory per call, removed after the test. */
export function useTempDirs(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const dir of made.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
  });
  return () => {
    const dir = makeTempDir();
    made.push(dir);
    return dir;
  };
}

export function openQuiet(dir: string, o: Partial<EventLogOptions> = {}): Promise<EventLog> {
  return EventLog.open({ ...QUIET, dir, ...o });
}

export function delta(text: string, o: Partial<LogRecordInput> = {}): LogRecordInput {
  return { type: "item.delta", at: AT, sessionId: "ses_1", turnId: "turn_1", data: { delta: text }, ...o };
}

export interface StoredEvent {
  seq: number;
  type: string;
  sessionId?: string;
  data: Record<string, unknown>;
}

/** Every visible event behind `after`, page by page. */
export function readAll(log: EventLog, after = 0, limit = { maxRecords: 7, maxBytes: 100_000 }): StoredEvent[] {
  const events: StoredEvent[] = [];
  let cursor = after;
  while (cursor < log.head()) {
    const { frames, lastSeq } = log.read(cursor, limit);
    for (const frame of frames) {
      const event = JSON.parse(frame.bytes.toString()) as StoredEvent;
      if (event.seq !== frame.seq) throw new Error(`frame ${frame.seq} holds event ${event.seq}`);
      events.push(event);
    }
    if (lastSeq <= cursor) throw new Error(`read(${cursor}) does not go on`);
    cursor = lastSeq;
  }
  return events;
}

/** More than any log of a test holds in one page. */
export const ALL = { maxRecords: 1000, maxBytes: 1_000_000 };

/** The text of what a read gives. */
export function texts(log: EventLog, after: number, limit = ALL): string[] {
  return log
    .read(after, limit)
    .frames.map((frame) => (JSON.parse(frame.bytes.toString()) as { data: { delta: string } }).data.delta);
}

/** Throws unless each event is its predecessor + 1, except a log.gap that names exactly the numbers in between. */
export function assertContiguous(events: readonly StoredEvent[], first = 1): void {
  let expected = first;
  for (const event of events) {
    if (event.type === "log.gap" && event.seq !== expected) {
      const { from, to } = event.data;
      if (from !== expected || to !== event.seq - 1)
        throw new Error(`gap ${String(from)}..${String(to)} at ${event.seq}`);
    } else if (event.seq !== expected) throw new Error(`${event.seq} where ${expected} belongs`);
    expected = event.seq + 1;
  }
}

/** Ends a log as kill -9 does: nothing more reaches the files, they are only given back. */
export async function abandon(log: EventLog): Promise<void> {
  const { writeSync, fsyncSync } = fs;
  Object.assign(fs, {
    writeSync: (_fd: number, _buffer: unknown, _offset: number, length: number) => length,
    fsyncSync: () => undefined,
  });
  try {
    await log.close();
  } finally {
    Object.assign(fs, { writeSync, fsyncSync });
  }
}

/** Names and contents of a directory. */
export function snapshotDir(dir: string): Map<string, Buffer> {
  return new Map(fs.readdirSync(dir).map((name) => [name, fs.readFileSync(path.join(dir, name))]));
}

/** Makes `dir` hold exactly `files`; what is the same already is left alone. */
export function restoreDir(dir: string, files: ReadonlyMap<string, Buffer>): void {
  for (const name of fs.readdirSync(dir)) if (!files.has(name)) fs.rmSync(path.join(dir, name));
  for (const [name, content] of files) {
    const file = path.join(dir, name);
    if (!fs.existsSync(file) || !fs.readFileSync(file).equals(content)) fs.writeFileSync(file, content);
  }
}

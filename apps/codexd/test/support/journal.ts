import path from "node:path";
import { EventLog, type EventLogOptions } from "@baa/storage";
import { onTestFinished } from "vitest";
import { Journal, type NewEvent } from "../../src/journal/journal.ts";
import type { StoredEvent } from "../../src/registry/records.ts";
import { Registries } from "../../src/registry/registries.ts";
import { tempDir } from "./temp-dir.ts";

/** The time of every event, unless a test moves it. */
export const AT = "2026-01-02T03:04:05.000Z";

export interface OpenJournal {
  readonly journal: Journal;
  readonly log: EventLog;
  readonly registries: Registries;
  readonly dir: string;
  /** Everything in the log, once it may be told. */
  readonly events: () => Promise<StoredEvent[]>;
  /** Types of the events behind `after`. */
  readonly types: (after?: number) => Promise<string[]>;
}

export const openLog = async (dir: string, o: Partial<EventLogOptions> = {}): Promise<EventLog> => {
  const log = await EventLog.open({
    dir,
    bootId: "boot-a",
    checkPauseMs: 0,
    now: () => AT,
    onFatal: (error) => {
      throw error;
    },
    ...o,
  });
  onTestFinished(() => log.close());
  return log;
};

/** A journal on a real log in a directory of its own. */
export const openJournal = async (
  o: { events?: readonly NewEvent[]; log?: Partial<EventLogOptions> } = {},
): Promise<OpenJournal> => {
  const dir = tempDir();
  const log = await openLog(path.join(dir, "log"), o.log);
  const registries = new Registries();
  const journal = new Journal({ log, registries, now: () => AT });
  for (const event of o.events ?? []) await journal.appendVisible([event]);
  const events = async (): Promise<StoredEvent[]> => {
    await journal.settled();
    return readAll(log);
  };
  const types = async (after = 0) => (await events()).filter((event) => event.seq > after).map((event) => event.type);
  return { journal, log, registries, dir, events, types };
};

export const readAll = (log: EventLog, after = 0): StoredEvent[] => {
  const events: StoredEvent[] = [];
  for (let cursor = after; cursor < log.head();) {
    const { frames, lastSeq } = log.read(cursor, { maxRecords: 1000, maxBytes: 1 << 20 });
    events.push(...frames.map((frame) => JSON.parse(frame.bytes.toString()) as StoredEvent));
    cursor = lastSeq;
  }
  return events;
};

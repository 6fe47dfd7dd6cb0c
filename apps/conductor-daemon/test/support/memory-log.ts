import { type EventSource, readEvents } from "@baa/http";
import type { FeedEvent, LogSourceName } from "@baa/contracts";
import type { EventHead } from "@baa/storage";
import { type LogSource, SourceDownError } from "../../src/logs/log-source.ts";

type Stored = Pick<FeedEvent, "at" | "type"> & Partial<FeedEvent>;

/** A log in memory behind the real page of a feed. */
export class MemoryLog implements LogSource {
  readonly name: LogSourceName;
  /** Why it cannot be read; undefined = it can. */
  down: string | undefined;
  logId: string;
  /** Pages that were asked for. */
  pages = 0;
  #events: FeedEvent[] = [];
  #oldest = 1;
  readonly #listeners = new Set<() => void>();

  constructor(name: LogSourceName) {
    this.name = name;
    this.logId = `log_${name}`;
  }

  /** `at` is the seconds of one hour. */
  add(seconds: number, type: string, more: Partial<FeedEvent> = {}): void {
    this.append({ at: at(seconds), type, ...more });
  }

  append(event: Stored): void {
    this.#events.push({ seq: (this.#events.at(-1)?.seq ?? 0) + 1, data: {}, ...event });
    for (const listener of this.#listeners) listener();
  }

  /** Drops what is older than `seq`. */
  dropUpTo(seq: number): void {
    this.#oldest = seq + 1;
  }

  /** Begins a new log. */
  restart(logId: string): void {
    this.logId = logId;
    this.#events = [];
    this.#oldest = 1;
  }

  page(...[query, signal]: Parameters<LogSource["page"]>): ReturnType<LogSource["page"]> {
    this.pages += 1;
    if (this.down !== undefined) throw new SourceDownError({ source: this.name, reason: this.down });
    return readEvents(this.#source(), { ...query, waitMs: query.waitMs ?? 0 }, signal);
  }

  async lastBefore(time: string): Promise<number> {
    if (this.down !== undefined) throw new SourceDownError({ source: this.name, reason: this.down });
    return this.#events.findLast((event) => event.at < time)?.seq ?? 0;
  }

  knownEnd() {
    return { logId: this.logId, seq: this.#events.at(-1)?.seq ?? 0 };
  }

  isOwn(event: { data: Record<string, unknown> }): boolean {
    return event.data["codexd"] === undefined;
  }

  #source(): EventSource {
    const head = (): number => this.#events.at(-1)?.seq ?? 0;
    return {
      logId: this.logId,
      oldest: () => this.#oldest,
      head,
      read: (after, { maxRecords, match }) => {
        const frames = [];
        let lastSeq = after;
        for (const event of this.#events.filter(({ seq }) => seq > after && seq >= this.#oldest)) {
          if (frames.length >= maxRecords) break;
          if (match?.(event as EventHead) !== false)
            frames.push({ seq: event.seq, bytes: Buffer.from(JSON.stringify(event)) });
          lastSeq = event.seq;
        }
        return { frames, lastSeq };
      },
      onAppend: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      snapshot: () => null,
    };
  }
}

/** A time of the hour that the tests live in. */
export const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 26, 10) + seconds * 1000).toISOString();

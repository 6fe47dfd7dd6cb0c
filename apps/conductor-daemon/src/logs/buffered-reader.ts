import type { LogEntry, LogGap, LogReset, LogSourceName } from "@baa/contracts";
import { SourceDownError, type SourcePlace } from "./log-source.ts";
import type { ReaderOptions, SourceReader } from "./source-reader.ts";

/** What both directions have in common: entries are fetched a buffer at a time, and a source that fails ends there. */
export abstract class BufferedReader implements SourceReader {
  protected readonly o: ReaderOptions;
  protected readonly found: LogReset[] = [];
  /** In the order of reading. */
  protected buffer: LogEntry[] = [];
  /** The place behind the last entry that was taken. */
  protected at: SourcePlace | undefined;
  /** The `seq` of the place when the buffer has been taken to its end. */
  protected searched: number;
  #gap: LogGap | undefined;

  constructor(o: ReaderOptions, searched: number) {
    this.o = o;
    this.at = o.from;
    this.searched = searched;
  }

  get name(): LogSourceName {
    return this.o.source.name;
  }
  get gap(): LogGap | undefined {
    return this.#gap;
  }
  get resets(): readonly LogReset[] {
    return this.found;
  }

  async peek(): Promise<LogEntry | undefined> {
    while (this.buffer.length === 0 && this.hasMore() && this.o.budget.take()) {
      try {
        await this.fill();
      } catch (error) {
        if (!(error instanceof SourceDownError)) throw error;
        this.#gap = error.gap;
      }
    }
    return this.buffer[0];
  }

  take(): void {
    const taken = this.buffer.shift();
    if (taken === undefined || this.at === undefined) return;
    this.at = { logId: this.at.logId, seq: this.buffer.length > 0 ? taken.seq : this.searched };
  }

  place(): SourcePlace | undefined {
    return this.at;
  }

  hasMore(): boolean {
    return this.buffer.length > 0 || (this.#gap === undefined && !this.isAtEnd());
  }

  /** Reads one step further. @throws SourceDownError */
  protected abstract fill(): Promise<void>;
  /** Whether everything that is to be read has been looked through. */
  protected abstract isAtEnd(): boolean;
}

import type { LogEntry } from "@baa/contracts";

/** Bytes of entries held at most. */
const BYTES_MAX = 8 * 1024 * 1024;

/** The newest entries of what is read through oldest first: older ones give way, and are read again by another step. */
export class HeldEntries {
  readonly #limit: number;
  readonly #entries: { readonly entry: LogEntry; readonly bytes: number }[] = [];
  #bytes = 0;
  #droppedUpTo = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of the newest entry that gave way; 0 when none did. */
  get droppedUpTo(): number {
    return this.#droppedUpTo;
  }

  add(entry: LogEntry): void {
    const bytes = JSON.stringify(entry).length;
    this.#entries.push({ entry, bytes });
    this.#bytes += bytes;
    while (this.#entries.length > 1 && (this.#entries.length > this.#limit || this.#bytes > BYTES_MAX)) {
      const oldest = this.#entries.shift();
      this.#bytes -= oldest?.bytes ?? 0;
      this.#droppedUpTo = oldest?.entry.seq ?? this.#droppedUpTo;
    }
  }

  newestFirst(): LogEntry[] {
    return this.#entries.map(({ entry }) => entry).toReversed();
  }
}

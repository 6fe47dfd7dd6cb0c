import { type EventLog, type LogRecordInput, StorageFullError } from "@baa/storage";

/** What the journal and the checkpoint writer use of the log, with a disk that fills up when told to. */
export class FakeLog {
  readonly logId = "log_fake";
  readonly batches: { types: string[]; sync: boolean }[] = [];
  readonly appended: LogRecordInput[] = [];
  readonly dropped: { appliedSeq: number; keepFromSeq: number }[] = [];
  state: "ok" | "full" | "closed" = "ok";
  /** What it says of its size. */
  size = 0;
  sync: () => Promise<void> = async () => undefined;
  /** The disk takes this many more batches. */
  room = Number.POSITIVE_INFINITY;
  readonly #stateListeners = new Set<(state: "ok" | "full" | "closed") => void>();
  readonly #sealListeners = new Set<() => void>();

  get port(): EventLog {
    return this as unknown as EventLog;
  }

  append(records: readonly LogRecordInput[], o: { sync?: boolean } = {}): { firstSeq: number; lastSeq: number } {
    if (this.state === "full" || this.room === 0) {
      this.state = "full";
      throw new StorageFullError("events.jsonl");
    }
    this.room -= 1;
    const firstSeq = this.appended.length + 1;
    this.appended.push(...records);
    this.batches.push({ types: records.map(({ type }) => type), sync: o.sync ?? false });
    return { firstSeq, lastSeq: this.appended.length };
  }

  written(): number {
    return this.appended.length;
  }

  bytes(): number {
    return this.size;
  }

  async whenVisible(): Promise<void> {}

  dropSegments(o: { appliedSeq: number; keepFromSeq: number }): number {
    this.dropped.push(o);
    return 0;
  }

  onState(listener: (state: "ok" | "full" | "closed") => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  onSeal(listener: () => void): () => void {
    this.#sealListeners.add(listener);
    return () => this.#sealListeners.delete(listener);
  }

  seal(): void {
    for (const listener of this.#sealListeners) listener();
  }

  /** There is space again, for this many batches. */
  free(batches = Number.POSITIVE_INFINITY): void {
    this.room = batches;
    this.state = "ok";
    for (const listener of this.#stateListeners) listener("ok");
  }

  types(): string[] {
    return this.appended.map(({ type }) => type);
  }
}

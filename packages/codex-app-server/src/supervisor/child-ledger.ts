import fs from "node:fs";
import { type ChildRecord, readRecord, writeRecord } from "../reaping/child-record.ts";
import type { ProcessTable } from "../reaping/process-table.ts";
import { type Reaped, type ReapOptions, reapRecorded } from "../reaping/reap.ts";

/** The former child, or something it left behind, would not end; nothing new is started beside it. */
export class NotReapedError extends Error {
  override readonly name = "NotReapedError";
}

export interface LedgerOptions {
  recordFile: string;
  marker: { name: string; value: string };
  table: ProcessTable;
  onReaped: (report: { killed: readonly Reaped[]; reason: string }) => void;
}

/**
 * Knows on disk which child is ours and what must be gone before the next one starts.
 * Sole writer of the record file.
 */
export class ChildLedger {
  readonly #o: LedgerOptions;
  #opened: { generation: number } | undefined;
  #announced: number | undefined;
  #toReap: ChildRecord | undefined;
  #cleaning: Promise<void> | undefined;

  constructor(o: LedgerOptions) {
    this.#o = o;
  }

  /** The generation of the last child that the record names; 0 when it names none or cannot be read. */
  generation(): number {
    try {
      return this.#open();
    } catch {
      return 0; // `clean` meets the same error and reports it
    }
  }

  /** The marker that the child of this generation and all its descendants carry. */
  markerOf(generation: number): { name: string; value: string } {
    return { name: this.#o.marker.name, value: `${this.#o.marker.value}-${generation}` };
  }

  /** Before a spawn: from now on a successor looks for this generation's marker. */
  announce(generation: number): void {
    writeRecord(this.#o.recordFile, { format: 1, generation, marker: this.markerOf(generation), live: true });
    this.#announced = generation;
  }

  /** After a spawn, before the child is used: a successor can end exactly this process. */
  async enter(generation: number, pid: number): Promise<void> {
    const marker = this.markerOf(generation);
    const startTime = await this.#o.table.startTime(pid);
    const child = startTime === undefined ? {} : { child: { pid, startTime } };
    writeRecord(this.#o.recordFile, { format: 1, generation, marker, live: true, ...child });
  }

  /** The child of this generation has ended: what it left behind is to be reaped. Nothing when it was not announced. */
  leave(generation: number): void {
    if (this.#announced === generation)
      this.#toReap = { format: 1, generation, marker: this.markerOf(generation), live: true };
  }

  /**
   * Ends what is to be reaped, if anything; one reaping at a time. Throws NotReapedError when something will not end,
   * or the file system's error when the record of a predecessor cannot be read.
   */
  async clean(): Promise<void> {
    this.#open();
    while (this.#toReap !== undefined) {
      this.#cleaning ??= this.#reap(this.#toReap).finally(() => {
        this.#cleaning = undefined;
      });
      await this.#cleaning;
    }
  }

  /** Reads, once, what a predecessor left. A damaged record is moved aside and reported: nothing can be reaped from it. */
  #open(): number {
    this.#opened ??= { generation: this.#readFormer() };
    return this.#opened.generation;
  }

  #readFormer(): number {
    const read = readRecord(this.#o.recordFile);
    if ("missing" in read) return 0;
    if ("damaged" in read) {
      const aside = `${this.#o.recordFile}.damaged`;
      fs.renameSync(this.#o.recordFile, aside);
      this.#o.onReaped({ killed: [], reason: `the child record was damaged (${read.damaged}) and moved to ${aside}` });
      return 0;
    }
    if (read.record.live) this.#toReap = read.record;
    return read.record.generation;
  }

  async #reap(record: ChildRecord): Promise<void> {
    const report = await reapRecorded(record, this.#reapOptions(record));
    const reason = `left by generation ${record.generation}`;
    if (report.killed.length > 0) this.#o.onReaped({ killed: report.killed, reason });
    if (report.left.length > 0) {
      throw new NotReapedError(`processes ${reason} do not end on SIGKILL: ${report.left.join(", ")}`);
    }
    this.#markEnded(record);
    if (this.#toReap === record) this.#toReap = undefined;
  }

  #markEnded(record: ChildRecord): void {
    const { format, generation, marker } = record;
    try {
      writeRecord(this.#o.recordFile, { format, generation, marker, live: false });
    } catch {
      // A full disk: the record goes on naming a child that is gone, and a successor finds nobody to end.
    }
  }

  #reapOptions(record: ChildRecord): ReapOptions {
    return {
      table: this.#o.table,
      marker: record.marker,
      kill: (pid, signal) => process.kill(pid, signal),
      self: process.pid,
    };
  }
}

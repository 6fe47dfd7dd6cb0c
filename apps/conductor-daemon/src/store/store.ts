import { ProblemError } from "@baa/http";
import { type Database, openDatabase, type Statement } from "@baa/storage";
import { type Migration, migrate, readMigrations } from "./migrations.ts";

/** Another conductor has begun to lead on this database: whatever this one still wanted to write is void. */
export class StaleFenceError extends Error {
  override readonly name = "StaleFenceError";
  constructor(mine: number, found: number | undefined) {
    super(`this conductor led with fence ${mine}, and ${found ?? "none"} leads now`);
  }
}

export interface StoreOptions {
  readonly path: string;
  /** Names this start in the leader's row. */
  readonly holder: string;
  readonly now: () => string;
  readonly migrations?: readonly Migration[];
  /** Told when the store cannot be used any more: a stale fence, or a disk that fails. */
  readonly onFatal: (error: Error) => void;
}

/** SQLite's primary result codes that end a write without ending us, and those that do end us. */
const FULL = 13;
const FATAL = new Set([10, 11, 26]); // IOERR, CORRUPT, NOTADB

/** The one writer of conductor's truth. Every write carries the fence of this start. */
export class Store {
  readonly database: Database;
  readonly fence: number;
  readonly #onFatal: (error: Error) => void;
  readonly #readFence: Statement;
  /** Called after the commit, in order; what they do is not part of the transaction. */
  #afterCommit: (() => void)[] = [];
  #isFull = false;

  /**
   * Opens, migrates, and begins to lead: adds 1 to the fence.
   * @throws DamagedFileError, NewerStoreError
   */
  static async open(o: StoreOptions): Promise<Store> {
    const database = await openDatabase(o.path);
    try {
      migrate(database, o.migrations ?? readMigrations());
      return new Store(database, o);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private constructor(database: Database, o: StoreOptions) {
    this.database = database;
    this.#onFatal = o.onFatal;
    this.fence = database.transaction(() => {
      database
        .prepare(
          `INSERT INTO leader (id, fence, holder, since) VALUES (1, 1, ?, ?)
           ON CONFLICT (id) DO UPDATE SET fence = fence + 1, holder = excluded.holder, since = excluded.since`,
        )
        .run(o.holder, o.now());
      return database.prepare("SELECT fence FROM leader").get<{ fence: number }>()?.fence ?? 0;
    });
    this.#readFence = database.prepare("SELECT fence FROM leader WHERE id = 1");
  }

  /** Whether the last write failed because the disk was full. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /**
   * Runs `work` in one durable transaction, if this start still leads.
   * @throws ProblemError storage_full when nothing was written for want of space; StaleFenceError; what `work` throws.
   */
  write<T>(work: () => T): T {
    this.#afterCommit = [];
    let result: T;
    try {
      result = this.database.transaction(() => {
        const found = this.#readFence.get<{ fence: number }>()?.fence;
        if (found !== this.fence) throw new StaleFenceError(this.fence, found);
        return work();
      });
    } catch (error) {
      throw this.#judge(error as Error);
    }
    this.#isFull = false;
    const listeners = this.#afterCommit;
    this.#afterCommit = [];
    for (const listener of listeners) listener();
    return result;
  }

  /** To be called inside `write`: `listener` runs when what was written is on disk. */
  afterCommit(listener: () => void): void {
    this.#afterCommit.push(listener);
  }

  close(): void {
    this.database.close();
  }

  #judge(error: Error): Error {
    const code = (error as { errcode?: unknown }).errcode;
    const primary = typeof code === "number" ? code & 0xff : undefined;
    if (primary === FULL) {
      this.#isFull = true;
      return new ProblemError("storage_full", undefined, { retryAfterS: 5, cause: error });
    }
    if (error instanceof StaleFenceError || (primary !== undefined && FATAL.has(primary))) this.#onFatal(error);
    return error;
  }
}

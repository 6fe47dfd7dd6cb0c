import fs from "node:fs";

import { DamagedFileError } from "../file/damaged-file.ts";
import { checkBinds } from "./bind.ts";
import {
  type Engine,
  type EngineDatabase,
  type EngineStatement,
  loadEngine,
  resultCodeOf,
  SQLITE,
  type SqlValue,
} from "./engine.ts";

export type Row = Record<string, SqlValue>;

export interface Statement {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  /** The first row. The type is the caller's promise about its own SQL. */
  get<T = Row>(...values: SqlValue[]): T | undefined;
  all<T = Row>(...values: SqlValue[]): T[];
  iterate<T = Row>(...values: SqlValue[]): Iterable<T>;
}

export interface Database {
  readonly path: string;
  readonly engine: Engine["name"];
  /** Runs statements without parameters. */
  exec(sql: string): void;
  /** Parameters are positional (`?`). */
  prepare(sql: string): Statement;
  /**
   * Runs `work` in one write transaction (BEGIN IMMEDIATE): committed when it returns, rolled back when it throws.
   * Not nested, and `work` is synchronous: another caller's statements would get in between.
   */
  transaction<T>(work: () => T): T;
  /** Merges the WAL into the file and closes. Idempotent. */
  close(): void;
}

export interface OpenDatabaseOptions {
  /** Reads only; the file must exist. */
  readOnly?: boolean;
  /** Milliseconds to wait for another connection's lock. Default 5000. */
  busyTimeoutMs?: number;
  /** The sentence of DamagedFileError that says what to do. */
  help?: string;
}

const BUSY_TIMEOUT_MS = 5000;
/** Opening runs no SQL that could be wrong, so a plain error is about the file ("unsupported file format"). */
const DAMAGE = new Set<number>([SQLITE.error, SQLITE.corrupt, SQLITE.notADatabase]);
const HELP = "restore it from a backup, or move it and its -wal file away to start empty";

/**
 * Opens a database for durable work: WAL, synchronous FULL (an fsync for every commit) and full flushes on macOS,
 * where a plain fsync leaves data in the drive. A new file is made 0600. One writing process for each database.
 *
 * @throws DamagedFileError when the file is not a database or is found damaged; Node's or SQLite's error otherwise
 */
export async function openDatabase(path: string, o: OpenDatabaseOptions = {}): Promise<Database> {
  const engine = loadEngine();
  const readOnly = o.readOnly ?? false;
  if (!readOnly && path !== ":memory:") createIfMissing(path);
  let connection: Connection | undefined;
  try {
    connection = new Connection(engine.open(path, { readOnly }), { path, readOnly, engine: engine.name });
    configure(connection, { readOnly, busyTimeoutMs: o.busyTimeoutMs ?? BUSY_TIMEOUT_MS });
    return connection;
  } catch (error) {
    connection?.close();
    throw nameFault(error as Error, path, o.help ?? HELP);
  }
}

function createIfMissing(path: string): void {
  try {
    fs.closeSync(fs.openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function configure(database: Database, o: { readOnly: boolean; busyTimeoutMs: number }): void {
  database.exec(`PRAGMA busy_timeout = ${Math.trunc(o.busyTimeoutMs)}`);
  database.exec("PRAGMA foreign_keys = ON");
  database.prepare("SELECT count(*) FROM sqlite_schema").get(); // reads the header: damage shows now, not at first use
  if (o.readOnly) return;
  const mode = database.prepare("PRAGMA journal_mode = WAL").get<{ journal_mode: string }>()?.journal_mode;
  if (mode !== "wal" && database.path !== ":memory:") {
    throw new Error(`${database.path}: the journal mode is ${mode}, not wal`);
  }
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA fullfsync = 1");
  database.exec("PRAGMA checkpoint_fullfsync = 1");
}

/** SQLite's messages do not say which file they are about. */
function nameFault(error: Error, path: string, help: string): Error {
  const code = resultCodeOf(error);
  if (code !== undefined && DAMAGE.has(code)) {
    return new DamagedFileError({ file: path, fault: error.message, help, cause: error });
  }
  return Object.assign(new Error(`${path}: ${error.message}`, { cause: error }), { errcode: code });
}

class Connection implements Database {
  readonly path: string;
  readonly engine: Engine["name"];
  readonly #raw: EngineDatabase;
  readonly #isReadOnly: boolean;
  #isOpen = true;
  #isInTransaction = false;

  constructor(raw: EngineDatabase, o: { path: string; readOnly: boolean; engine: Engine["name"] }) {
    this.#raw = raw;
    this.#isReadOnly = o.readOnly;
    this.path = o.path;
    this.engine = o.engine;
  }

  exec(sql: string): void {
    this.#raw.exec(sql);
  }

  prepare(sql: string): Statement {
    return checked(this.#raw.prepare(sql));
  }

  transaction<T>(work: () => T): T {
    if (this.#isInTransaction) throw new Error("a transaction is open already; transactions are not nested");
    this.#isInTransaction = true;
    try {
      return this.#runTransaction(work);
    } finally {
      this.#isInTransaction = false;
    }
  }

  #runTransaction<T>(work: () => T): T {
    this.#raw.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      if (result instanceof Promise) throw new TypeError("the work of a transaction must be synchronous");
      this.#raw.exec("COMMIT");
      return result;
    } catch (error) {
      try {
        this.#raw.exec("ROLLBACK");
      } catch {
        // SQLite had rolled back by itself (disk full, I/O error); the first error is the one to tell
      }
      throw error;
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (!this.#isReadOnly) this.#mergeWal();
    this.#raw.close();
  }

  /**
   * The stand-in's `close()` leaves the files open while a prepared statement lives, until the garbage collector comes
   * by (measured with 1.2.1, which cannot finalize a statement), so SQLite does not merge the WAL for us.
   */
  #mergeWal(): void {
    try {
      this.#raw.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // not a database, or a full disk: the WAL stays, and the next opening merges it
    }
  }
}

/** The statement with its parameters checked before they reach the engine. */
function checked(statement: EngineStatement): Statement {
  return {
    run(...values) {
      checkBinds(values);
      return statement.run(...values);
    },
    get<T>(...values: SqlValue[]) {
      checkBinds(values);
      return statement.get(...values) as T | undefined;
    },
    all<T>(...values: SqlValue[]) {
      checkBinds(values);
      return statement.all(...values) as T[];
    },
    iterate<T>(...values: SqlValue[]) {
      checkBinds(values);
      return statement.iterate(...values) as Iterable<T>;
    },
  };
}

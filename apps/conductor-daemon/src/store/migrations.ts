import fs from "node:fs";
import { fileURLToPath } from "node:url";
import type { Database } from "@baa/storage";

/** One step of the schema. `minReader` = the oldest format whose code can still use the database after it. */
export interface Migration {
  readonly format: number;
  readonly minReader: number;
  readonly name: string;
  readonly sql: string;
}

/** The database was written by a newer release in a way that this one cannot use. */
export class NewerStoreError extends Error {
  override readonly name = "NewerStoreError";
  readonly file: string;
  readonly fault: string;
  readonly help: string;

  constructor(file: string, found: { format: number; minReader: number }, known: number) {
    const fault = `it has format ${found.format} and needs a release that knows format ${found.minReader}; this one knows ${known}`;
    const help = "install the newer release again, or restore the copy from before it";
    super(`${file}: ${fault}; ${help}`);
    this.file = file;
    this.fault = fault;
    this.help = help;
  }
}

const NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;
const MIN_READER = /^-- minReader: (\d+)$/m;

/** The numbered files, read from beside the bundle or from the source. Throws when one is missing or misnamed. */
export const readMigrations = (): readonly Migration[] => {
  const dir = ["./migrations", "../db/migrations"]
    .map((candidate) => fileURLToPath(new URL(candidate, import.meta.url)))
    .find((candidate) => fs.existsSync(candidate));
  if (dir === undefined) throw new Error("migrations are missing beside the built code; build conductor-daemon again");
  return fs
    .readdirSync(dir)
    .toSorted()
    .map((file, index) => parseMigration(file, fs.readFileSync(`${dir}/${file}`, "utf8"), index + 1));
};

/** @throws when the name has not the expected number, or the file does not say who can read what it makes. */
export const parseMigration = (file: string, sql: string, expected: number): Migration => {
  const [, number, name] = NAME.exec(file) ?? [];
  const minReader = MIN_READER.exec(sql)?.[1];
  if (number === undefined || name === undefined || Number(number) !== expected) {
    throw new Error(`migration ${file}: expected ${String(expected).padStart(4, "0")}_<name>.sql`);
  }
  if (minReader === undefined || Number(minReader) > expected) {
    throw new Error(`migration ${file}: needs a line "-- minReader: <n>" with a number up to its own`);
  }
  return { format: expected, minReader: Number(minReader), name, sql };
};

/**
 * Brings the schema up to date, each step in a transaction of its own. A database of a newer release is used as it is
 * when that release said that we can.
 * @throws NewerStoreError
 */
export const migrate = (database: Database, migrations: readonly Migration[]): void => {
  const found = readFormat(database);
  const known = migrations.length;
  if (found.minReader > known) throw new NewerStoreError(database.path, found, known);
  for (const { format, minReader, sql } of migrations.slice(found.format)) {
    database.transaction(() => {
      database.exec(sql);
      database.exec(
        "CREATE TABLE IF NOT EXISTS store_format (id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, min_reader INTEGER NOT NULL) STRICT",
      );
      database
        .prepare("INSERT OR REPLACE INTO store_format (id, format, min_reader) VALUES (1, ?, ?)")
        .run(format, Math.max(minReader, readFormat(database).minReader));
    });
  }
};

const readFormat = (database: Database): { format: number; minReader: number } => {
  const table = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'store_format'").get();
  if (table === undefined) return { format: 0, minReader: 0 };
  const row = database
    .prepare("SELECT format, min_reader FROM store_format WHERE id = 1")
    .get<{ format: number; min_reader: number }>();
  return row === undefined ? { format: 0, minReader: 0 } : { format: row.format, minReader: row.min_reader };
};

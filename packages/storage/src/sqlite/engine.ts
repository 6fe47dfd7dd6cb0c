import { createRequire } from "node:module";

/** What SQLite stores. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** The part of the `node:sqlite` API that we use; its stand-in has the same. */
export interface EngineStatement {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  get(...values: SqlValue[]): unknown;
  all(...values: SqlValue[]): unknown[];
  iterate(...values: SqlValue[]): Iterable<unknown>;
}

export interface EngineDatabase {
  exec(sql: string): void;
  prepare(sql: string): EngineStatement;
  close(): void;
}

export interface Engine {
  name: "node:sqlite" | "@photostructure/sqlite";
  open(path: string, o?: { readOnly?: boolean }): EngineDatabase;
}

interface EngineModule {
  DatabaseSync: new (path: string, o: { readOnly: boolean }) => EngineDatabase;
}

/** The first Node that has `node:sqlite` without a warning. */
const BUILTIN_NODE_MAJOR = 24;

/**
 * SQLite of this Node: the built-in from Node 24 on, the addon `@photostructure/sqlite` below. Loaded when asked for,
 * since the addon costs start-up time that a process without a database should not pay.
 *
 * The addon is asked for by a `require` that bundlers leave alone; it must be installed beside the bundle.
 */
export function loadEngine(nodeVersion: string = process.versions.node): Engine {
  const isBuiltin = Number.parseInt(nodeVersion, 10) >= BUILTIN_NODE_MAJOR;
  const name = isBuiltin ? "node:sqlite" : "@photostructure/sqlite";
  const { DatabaseSync } = createRequire(import.meta.url)(name) as EngineModule;
  return { name, open: (path, o) => new DatabaseSync(path, { readOnly: o?.readOnly ?? false }) };
}

/** SQLite's primary result code of an error from either engine, if it is one. */
export function resultCodeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

/** Primary result codes, from sqlite3.h. */
export const SQLITE = { error: 1, busy: 5, corrupt: 11, notADatabase: 26 } as const;

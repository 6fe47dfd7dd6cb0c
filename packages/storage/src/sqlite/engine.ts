import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

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
  const source = isBuiltin ? name : (addonBinary() ?? name);
  const { DatabaseSync } = createRequire(import.meta.url)(source) as EngineModule;
  return { name, open: (path, o) => new DatabaseSync(path, { readOnly: o?.readOnly ?? false }) };
}

/**
 * The addon's binary, which has all that we use. Its package looks for it at every start in places without end, which
 * takes 9 ms and so many path operations that V8 loads its optimising compiler for them: 3.5 MiB of memory for good.
 * Undefined where it is not in its usual place, or on musl: then the package may look.
 */
function addonBinary(): string | undefined {
  if (fs.existsSync("/etc/alpine-release")) return undefined;
  const below = `node_modules/@photostructure/sqlite/prebuilds/${process.platform}-${process.arch}`;
  let dir = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = `${dir}/${below}/@photostructure+sqlite.glibc.node`;
    if (fs.existsSync(file)) return file;
    const parent = path.dirname(dir);
    if (parent === dir) return undefined;
    dir = parent;
  }
}

/** SQLite's primary result code of an error from either engine, if it is one. */
export function resultCodeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}

/** Primary result codes, from sqlite3.h. */
export const SQLITE = { error: 1, busy: 5, corrupt: 11, notADatabase: 26 } as const;

import fs from "node:fs";
import path from "node:path";

import { expect, test } from "vitest";

import { DamagedFileError, type Database, openDatabase } from "../../src/index.ts";
import { loadEngine } from "../../src/sqlite/engine.ts";
import { tempDir } from "../temp-dir.ts";

async function withTable(): Promise<{ database: Database; file: string }> {
  const file = path.join(tempDir(), "conductor.sqlite");
  const database = await openDatabase(file);
  database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
  return { database, file };
}

const pragma = (database: Database, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0];

test("the engine follows the Node version", () => {
  const isBuiltin = Number.parseInt(process.versions.node, 10) >= 24;
  expect(loadEngine().name).toBe(isBuiltin ? "node:sqlite" : "@photostructure/sqlite");
  expect(loadEngine("20.19.0").name).toBe("@photostructure/sqlite");
  expect(loadEngine("22.12.0").name).toBe("@photostructure/sqlite");
});

test("opened for durable work: WAL, synchronous FULL, full flushes, foreign keys; the file is 0600", async () => {
  const { database, file } = await withTable();
  expect(pragma(database, "journal_mode")).toBe("wal");
  expect(pragma(database, "synchronous")).toBe(2);
  expect(pragma(database, "fullfsync")).toBe(1);
  expect(pragma(database, "checkpoint_fullfsync")).toBe(1);
  expect(pragma(database, "foreign_keys")).toBe(1);
  expect(pragma(database, "busy_timeout")).toBe(5000);
  for (const suffix of ["", "-wal", "-shm"]) expect(fs.statSync(file + suffix).mode & 0o777).toBe(0o600);
  database.close();
});

test("values of every kind come back as they were", async () => {
  const { database } = await withTable();
  const insert = database.prepare("INSERT INTO t (a) VALUES (?)");
  const values = [null, 0, -1.5, 2 ** 53 - 1, "grüße 💡", "", new Uint8Array([0, 255]), Buffer.from("b"), 5n];
  for (const value of values) insert.run(value);
  const rows = database.prepare("SELECT a FROM t ORDER BY id").all<{ a: unknown }>();
  expect(rows.map((row) => row.a)).toEqual([
    null,
    0,
    -1.5,
    9007199254740991,
    "grüße 💡",
    "",
    new Uint8Array([0, 255]),
    new Uint8Array([98]),
    5,
  ]);
  database.close();
});

test("run tells changes and the row's id; get is undefined without a row; iterate goes row by row", async () => {
  const { database } = await withTable();
  expect(database.prepare("INSERT INTO t (a) VALUES (?), (?)").run("x", "y")).toEqual({
    changes: 2,
    lastInsertRowid: 2,
  });
  expect(database.prepare("SELECT a FROM t WHERE id = ?").get(9)).toBeUndefined();
  const seen: unknown[] = [];
  for (const row of database.prepare("SELECT a FROM t WHERE id >= ?").iterate<{ a: string }>(1)) seen.push(row.a);
  expect(seen).toEqual(["x", "y"]);
  database.close();
});

test.each([
  [new Date(0), "an object (Date)"],
  [{}, "an object (Object)"],
  [Object.create(null), "an object (without a prototype)"],
  [[1], "an object (Array)"],
  [new Float64Array(1), "an object (Float64Array)"],
  [() => 1, "a value of type function"],
  [true, "a value of type boolean"],
  [undefined, "a value of type undefined"],
  [Symbol("s"), "a value of type symbol"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  ["a\0b", "a string with a NUL or half a surrogate pair"],
  ["a\ud83db", "a string with a NUL or half a surrogate pair"],
])("binding %s is refused by run, get, all and iterate", async (value, kind) => {
  const { database } = await withTable();
  const insert = database.prepare("INSERT INTO t (id, a) VALUES (?, ?)");
  const message = `parameter 2 is ${kind}; SQLite cannot store that`;
  for (const method of ["run", "get", "all", "iterate"] as const) {
    expect(() => insert[method](1, value as never)).toThrow(message);
  }
  expect(database.prepare("SELECT count(*) AS n FROM t").get()).toEqual({ n: 0 });
  database.close();
});

test("a transaction commits when its work returns and rolls back when it throws", async () => {
  const { database } = await withTable();
  const insert = database.prepare("INSERT INTO t (a) VALUES (?)");
  const count = (): unknown => database.prepare("SELECT count(*) AS n FROM t").get<{ n: number }>()?.n;
  expect(database.transaction(() => insert.run("x").changes)).toBe(1);
  expect(() =>
    database.transaction(() => {
      insert.run("y");
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(count()).toBe(1);
  expect(() => database.transaction(() => database.transaction(() => insert.run("z")))).toThrow("not nested");
  expect(count()).toBe(1);
  expect(() => database.transaction(async () => insert.run("z"))).toThrow("must be synchronous");
  expect(count()).toBe(1);
  database.transaction(() => insert.run("w"));
  expect(count()).toBe(2);
  database.close();
});

test("a transaction that SQLite rolled back itself tells the first error, and the next one works", async () => {
  const { database } = await withTable();
  database.exec("CREATE UNIQUE INDEX u ON t (a) ; INSERT INTO t (a) VALUES ('x')");
  const clash = database.prepare("INSERT OR ROLLBACK INTO t (a) VALUES (?)");
  expect(() => database.transaction(() => clash.run("x"))).toThrow(/UNIQUE/);
  database.transaction(() => clash.run("y"));
  database.close();
});

test("what was committed is there after closing and opening; close is idempotent", async () => {
  const { database, file } = await withTable();
  database.prepare("INSERT INTO t (a) VALUES (?)").run("kept");
  database.close();
  database.close();
  const again = await openDatabase(file);
  expect(again.prepare("SELECT a FROM t").all()).toEqual([{ a: "kept" }]);
  again.close();
});

test("closing merges the WAL into the file, whatever was prepared", async () => {
  const { database, file } = await withTable();
  const kept = database.prepare("SELECT * FROM t");
  expect(kept.all()).toEqual([]);
  database.prepare("INSERT INTO t (a) VALUES (?)").run("x");
  database.close();
  expect(fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  expect(() => kept.all()).toThrow(/closed|not open|finalized/);
});

test("read-only: reads beside the writer, writes nothing, and needs the file", async () => {
  const { database, file } = await withTable();
  database.prepare("INSERT INTO t (a) VALUES (?)").run("x");
  const reader = await openDatabase(file, { readOnly: true });
  expect(reader.prepare("SELECT a FROM t").get()).toEqual({ a: "x" });
  expect(() => reader.exec("DELETE FROM t")).toThrow(/readonly/);
  reader.close();
  database.close();
  await expect(openDatabase(`${file}.absent`, { readOnly: true })).rejects.toThrow(/unable to open/);
});

test("a file that is no database is refused by name with help, and is not touched", async () => {
  const file = path.join(tempDir(), "conductor.sqlite");
  fs.writeFileSync(file, "not a database ".repeat(500));
  await expect(openDatabase(file, { help: "restore the backup" })).rejects.toThrow(
    new DamagedFileError({ file, fault: "file is not a database", help: "restore the backup" }),
  );
  expect(fs.readFileSync(file, "utf8")).toBe("not a database ".repeat(500));
});

test("every byte of the header flipped: opened, or refused by name", async () => {
  const { database, file } = await withTable();
  database.close();
  const whole = fs.readFileSync(file);
  let refused = 0;
  for (let offset = 0; offset < 100; offset += 1) {
    const flipped = Buffer.from(whole);
    flipped[offset]! ^= 0xff;
    fs.writeFileSync(file, flipped);
    try {
      (await openDatabase(file)).close();
    } catch (error) {
      refused += 1;
      expect((error as Error).message, `byte ${offset}`).toContain(file);
    }
  }
  expect(refused).toBeGreaterThan(16);
});

test("in memory, for tests", async () => {
  const database = await openDatabase(":memory:");
  database.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  expect(database.prepare("SELECT a FROM t").get()).toEqual({ a: 1 });
  database.close();
});

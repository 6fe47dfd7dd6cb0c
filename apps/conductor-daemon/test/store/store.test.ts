import fs from "node:fs";
import path from "node:path";
import { openDatabase } from "@baa/storage";
import { describe, expect, it } from "vitest";
import { migrate, NewerStoreError, parseMigration, readMigrations } from "../../src/store/migrations.ts";
import { StaleFenceError, Store } from "../../src/store/store.ts";
import { NOW, openStore } from "../support/store.ts";
import { tempDir } from "../support/temp-dir.ts";

const TABLE = (format: number, minReader: number, sql: string) => ({ format, minReader, name: `step_${format}`, sql });

describe("the fence", () => {
  it("is one more at every start", async () => {
    const first = await openStore();
    first.store.close();
    const second = await openStore(first.file);
    expect([first.store.fence, second.store.fence]).toEqual([1, 2]);
  });

  it("stops whoever led before: nothing of theirs is written, and they are told to leave", async () => {
    const old = await openStore();
    const next = await openStore(old.file);
    const late = (): unknown => old.store.write(() => old.store.database.exec("DELETE FROM leader"));
    expect(late).toThrow(StaleFenceError);
    expect(old.fatal).toEqual([expect.any(StaleFenceError)]);
    expect(next.store.write(() => "still leads")).toBe("still leads");
  });
});

describe("a write", () => {
  it("tells only after it is on disk, and not at all when it failed", async () => {
    const { store } = await openStore();
    const told: string[] = [];
    const fail = (): void =>
      store.write(() => {
        store.afterCommit(() => told.push("failed"));
        throw new Error("on purpose");
      });
    expect(fail).toThrow("on purpose");
    store.write(() => {
      store.afterCommit(() => told.push("written"));
      told.push("inside");
    });
    expect(told).toEqual(["inside", "written"]);
  });

  it("without space is storage_full, changes nothing, and goes on when there is space", async () => {
    const { store } = await openStore();
    const pages = store.database.prepare("PRAGMA page_count").get<{ page_count: number }>()?.page_count ?? 0;
    store.database.exec(`PRAGMA max_page_count = ${pages}`);
    const big = (): unknown =>
      store.write(() =>
        store.database
          .prepare("INSERT INTO outbox (at, type, data) VALUES (?, ?, ?)")
          .run(NOW, "x", "y".repeat(100_000)),
      );
    expect(big).toThrow(expect.objectContaining({ code: "storage_full" }));
    expect(store.isFull).toBe(true);
    store.database.exec("PRAGMA max_page_count = 1000000");
    big();
    expect(store.isFull).toBe(false);
  });
});

describe("migrations", () => {
  it("are numbered without a gap and name who can read them", () => {
    const all = readMigrations();
    expect(all.map(({ format }) => format)).toEqual(all.map((_one, index) => index + 1));
    for (const { minReader, format } of all) expect(minReader).toBeLessThanOrEqual(format);
  });

  it.each([
    ["0002_late.sql", "-- minReader: 1\n"],
    ["0001.sql", "-- minReader: 1\n"],
    ["0001_ok.sql", "CREATE TABLE x (y)"],
    ["0001_ok.sql", "-- minReader: 2\n"],
  ])("%s with %j is refused", (file, sql) => {
    expect(() => parseMigration(file, sql, 1)).toThrow(`migration ${file}`);
  });

  it("run once each, and a step that fails leaves the one before it whole", async () => {
    const file = path.join(tempDir(), "x.sqlite");
    const database = await openDatabase(file);
    const one = TABLE(1, 1, "CREATE TABLE a (b)");
    const broken = TABLE(2, 1, "CREATE TABLE c (d); CREATE TABLE a (again)");
    expect(() => migrate(database, [one, broken])).toThrow("already exists");
    const tables = (): unknown[] =>
      database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    expect(tables()).toEqual([{ name: "a" }, { name: "store_format" }]);
    migrate(database, [one, TABLE(2, 1, "CREATE TABLE c (d)")]);
    expect(tables()).toEqual([{ name: "a" }, { name: "c" }, { name: "store_format" }]);
    database.close();
  });

  it("a release back reads what the next one wrote when that one said so, and refuses by name when not", async () => {
    const file = path.join(tempDir(), "x.sqlite");
    const database = await openDatabase(file);
    const one = TABLE(1, 1, "CREATE TABLE a (b)");
    migrate(database, [one, TABLE(2, 1, "CREATE TABLE c (d)")]);
    migrate(database, [one]);
    migrate(database, [one, TABLE(2, 1, ""), TABLE(3, 3, "DROP TABLE a")]);
    expect(() => migrate(database, [one])).toThrow(NewerStoreError);
    expect(() => migrate(database, [one])).toThrow(`${file}: it has format 3 and needs a release that knows format 3`);
    database.close();
  });

  it("a file that is no database is damage with a name, not an end", async () => {
    const file = path.join(tempDir(), "x.sqlite");
    fs.writeFileSync(file, "x".repeat(8192), { mode: 0o600 });
    const opening = Store.open({ path: file, holder: "t", now: () => NOW, onFatal: () => undefined });
    await expect(opening).rejects.toMatchObject({ name: "DamagedFileError", file });
  });
});

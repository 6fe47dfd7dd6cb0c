import fs from "node:fs";
import path from "node:path";

import { expect, test } from "vitest";

import { acquireLock, LockHeldError, openDatabase, PermissionFault } from "../../src/index.ts";
import { tempDir } from "../temp-dir.ts";

const options = { holder: "codexd start", now: () => "2026-11-22T11:00:00.000Z" };

test("held: a second attempt is refused by name; released: it succeeds", () => {
  const file = path.join(tempDir(), "lock");
  const lock = acquireLock(file, options);
  expect(() => acquireLock(file, options)).toThrow(
    `${file} is held by pid ${process.pid} (codexd start) since 2026-11-22T11:00:00.000Z`,
  );
  lock.release();
  lock.release();
  acquireLock(file, options).release();
});

test("a refused attempt does not shake the lock", () => {
  const file = path.join(tempDir(), "lock");
  const lock = acquireLock(file, options);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    expect(() => acquireLock(file, options)).toThrow(LockHeldError);
  }
  lock.release();
});

test("the lock file stays empty and private, and stays when released; the holder's name goes", () => {
  const file = path.join(tempDir(), "lock");
  const lock = acquireLock(file, options);
  expect(fs.statSync(file)).toMatchObject({ size: 0 });
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(fs.statSync(`${file}.holder`).mode & 0o777).toBe(0o600);
  lock.release();
  expect(fs.existsSync(file)).toBe(true);
  expect(fs.existsSync(`${file}.holder`)).toBe(false);
});

const garbage: [string, string | Buffer][] = [
  ["empty", ""],
  ["a pid", "4242\n"],
  ["one page of garbage", Buffer.alloc(4096, 0xa5)],
  ["longer garbage", "not a database ".repeat(1000)],
  ["SQLite's magic and then garbage", Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(5000, 0xff)])],
];

test.each(garbage)("a lock file that is %s does not stop a start", (_, content) => {
  const file = path.join(tempDir(), "lock");
  fs.writeFileSync(file, content);
  const lock = acquireLock(file, options);
  expect(() => acquireLock(file, options)).toThrow(LockHeldError);
  lock.release();
});

test.each(garbage)("journal and holder files that are %s do not stop a start", (_, content) => {
  const file = path.join(tempDir(), "lock");
  fs.writeFileSync(file, "");
  for (const suffix of ["-journal", "-wal", "-shm", ".holder"]) fs.writeFileSync(file + suffix, content);
  const lock = acquireLock(file, options);
  expect(() => acquireLock(file, options)).toThrow(`pid ${process.pid} (codexd start)`);
  lock.release();
});

test("a foreign database in WAL mode as the lock file does not stop a start, and excludes", async () => {
  const file = path.join(tempDir(), "lock");
  const database = await openDatabase(file);
  database.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  database.close();
  const lock = acquireLock(file, options);
  expect(() => acquireLock(file, options)).toThrow(LockHeldError);
  lock.release();
  acquireLock(file, options).release();
});

test("a holder's file that cannot be written does not keep us out; the other is told of another process", () => {
  const file = path.join(tempDir(), "lock");
  fs.mkdirSync(`${file}.holder`);
  const lock = acquireLock(file, options);
  expect(() => acquireLock(file, options)).toThrow(`${file} is held by another process`);
  expect(fs.readdirSync(path.dirname(file)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  lock.release();
});

test("a holder's file that names the dead is not believed", () => {
  const file = path.join(tempDir(), "lock");
  const lock = acquireLock(file, options);
  fs.writeFileSync(`${file}.holder`, JSON.stringify({ pid: 2 ** 22 + 1, command: "codexd start", since: "2020" }));
  expect(() => acquireLock(file, options)).toThrow(`${file} is held by another process`);
  lock.release();
});

test("a directory or a link where the lock should be is refused by name", () => {
  const directory = tempDir();
  fs.mkdirSync(path.join(directory, "directory"));
  fs.symlinkSync("elsewhere", path.join(directory, "link"));
  expect(() => acquireLock(path.join(directory, "directory"), options)).toThrow(PermissionFault);
  expect(() => acquireLock(path.join(directory, "link"), options)).toThrow(PermissionFault);
});

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { launchdLogs, StdioKeeper } from "../src/index.ts";

const KIB = 1024;
let directory: string;
let logs: { out: string; err: string };
let fds: [number, number];

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "baa-stdio-"));
  logs = { out: path.join(directory, "x.out.log"), err: path.join(directory, "x.err.log") };
  fds = [fs.openSync(logs.out, "a"), fs.openSync(logs.err, "a")];
});

afterEach(() => {
  for (const fd of fds) fs.closeSync(fd);
  fs.rmSync(directory, { recursive: true });
});

const keeper = (): StdioKeeper => new StdioKeeper(logs, { bytesMax: 64 * KIB, fds });
const size = (file: string): number => fs.statSync(file).size;

test("launchd's files are known by its name for the job and our directory", () => {
  const env = { XPC_SERVICE_NAME: "so.makefile.baa-codexd", BAA_LOGS_DIR: "/r/logs" };
  expect(launchdLogs(env)).toEqual({
    out: "/r/logs/launchd/so.makefile.baa-codexd.out.log",
    err: "/r/logs/launchd/so.makefile.baa-codexd.err.log",
  });
  expect(launchdLogs({ ...env, XPC_SERVICE_NAME: "0" })).toBeUndefined();
  expect(launchdLogs({ ...env, XPC_SERVICE_NAME: "../evil" })).toBeUndefined();
  expect(launchdLogs({ XPC_SERVICE_NAME: "so.makefile.baa-codexd" })).toBeUndefined();
});

test("a log that grows stays within its files, and no line of the last ones is missing or there twice", () => {
  const kept = keeper();
  const line = (index: number): string => `${String(index).padStart(8, "0")} ${"x".repeat(90)}\n`;
  const count = 40_000; // 4 MB: a dozen rounds
  for (let index = 0; index < count; index += 1) {
    fs.writeSync(fds[0], line(index));
    kept.printed(100);
  }
  const names = fs.readdirSync(directory).toSorted();
  expect(names).toEqual(["x.err.log", "x.out.log", ...[1, 2, 3, 4].map((index) => `x.out.log.${index}`)]);
  const files = [4, 3, 2, 1].map((index) => `${logs.out}.${index}`).concat(logs.out);
  // Looked at every 256 KiB: a file is that long at most, beside its bound.
  for (const file of files) expect(size(file)).toBeLessThan(330 * KIB);
  const numbers = files
    .flatMap((file) => fs.readFileSync(file, "utf8").split("\n").filter(Boolean))
    .map(Number.parseFloat);
  expect(numbers).toEqual(numbers.map((_, index) => count - numbers.length + index));
  expect(numbers.length).toBeGreaterThan(10_000);
  expect(fs.statSync(`${logs.out}.1`).mode & 0o777).toBe(0o600);
});

test("what was too long before the start is cut by the first look, standard error too", () => {
  fs.writeFileSync(logs.err, "e".repeat(65 * KIB));
  fs.writeFileSync(logs.out, "o".repeat(64 * KIB));
  keeper().look();
  fs.writeSync(fds[1], "after\n");
  expect(fs.readFileSync(logs.err, "utf8")).toBe("after\n");
  expect(size(`${logs.err}.1`)).toBe(65 * KIB);
  expect(size(logs.out)).toBe(64 * KIB);
});

test("a file that is not the one printed to is left alone", () => {
  fs.writeFileSync(logs.out, "o".repeat(65 * KIB));
  fs.renameSync(logs.out, `${logs.out}.moved`);
  fs.writeFileSync(logs.out, "p".repeat(65 * KIB));
  keeper().look();
  expect([size(logs.out), size(`${logs.out}.moved`)]).toEqual([65 * KIB, 65 * KIB]);
});

test("when there is no room for a copy the log stays; far beyond its bound it is cut all the same", () => {
  fs.mkdirSync(`${logs.out}.4/occupied`, { recursive: true });
  fs.writeFileSync(`${logs.out}.3`, "cannot be moved on");
  fs.writeFileSync(logs.out, "o".repeat(65 * KIB));
  keeper().look();
  expect(size(logs.out)).toBe(65 * KIB);
  fs.writeFileSync(logs.out, "o".repeat(129 * KIB));
  keeper().look();
  expect(size(logs.out)).toBe(0);
});

import fs from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { RotatingFile } from "../../src/runtime/rotating-file.ts";
import { tempDir } from "../support/temp-dir.ts";

const open = (limits: { bytesMax?: number; filesMax?: number }, file = path.join(tempDir(), "stderr.log")) => {
  const rotating = new RotatingFile(file, limits);
  onTestFinished(() => rotating.close());
  const read = (suffix = ""): string => fs.readFileSync(`${file}${suffix}`, "utf8");
  const names = (): string[] => fs.readdirSync(path.dirname(file)).toSorted();
  return { rotating, file, read, names };
};

test("lines are appended, readable at once, private", () => {
  const { rotating, file, read } = open({});
  rotating.writeLine("one");
  rotating.writeLine(Buffer.from("zwei ä"));
  expect(read()).toBe("one\nzwei ä\n");
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("a line that does not fit begins a new file; the former ones move up", () => {
  const { rotating, read, names } = open({ bytesMax: 8 });
  for (const line of ["aaa", "bbb", "ccc", "ddd", "eee"]) rotating.writeLine(line);
  expect(names()).toEqual(["stderr.log", "stderr.log.1", "stderr.log.2"]);
  expect([read(), read(".1"), read(".2")]).toEqual(["eee\n", "ccc\nddd\n", "aaa\nbbb\n"]);
});

test("never more files than allowed; the oldest goes", () => {
  const { rotating, read, names } = open({ bytesMax: 4, filesMax: 3 });
  for (const line of ["a", "b", "c", "d", "e"].map((text) => text.repeat(3))) rotating.writeLine(line);
  expect(names()).toEqual(["stderr.log", "stderr.log.1", "stderr.log.2"]);
  expect([read(), read(".1"), read(".2")]).toEqual(["eee\n", "ddd\n", "ccc\n"]);
});

test("a line longer than a whole file is written all the same, alone", () => {
  const { rotating, read } = open({ bytesMax: 4 });
  rotating.writeLine("a");
  rotating.writeLine("b".repeat(10));
  rotating.writeLine("c");
  expect([read(), read(".1"), read(".2")]).toEqual(["c\n", "bbbbbbbbbb\n", "a\n"]);
});

test("a file that is there already is gone on with, its size counts", () => {
  const file = path.join(tempDir(), "stderr.log");
  fs.writeFileSync(file, "old\n");
  const { rotating, read } = open({ bytesMax: 8 }, file);
  rotating.writeLine("abc");
  rotating.writeLine("d");
  expect([read(), read(".1")]).toEqual(["d\n", "old\nabc\n"]);
});

test("a full disk loses the line, nothing else; other errors are thrown", () => {
  const { rotating, read } = open({});
  const real = fs.writeSync;
  onTestFinished(() => {
    fs.writeSync = real;
  });
  const fail = (code: string): void => {
    fs.writeSync = () => {
      throw Object.assign(new Error(code), { code });
    };
  };
  for (const code of ["ENOSPC", "EDQUOT", "EFBIG"]) {
    fail(code);
    rotating.writeLine("lost");
  }
  fail("EIO");
  expect(() => rotating.writeLine("thrown")).toThrow("EIO");
  fs.writeSync = real;
  rotating.writeLine("kept");
  expect(read()).toBe("kept\n");
});

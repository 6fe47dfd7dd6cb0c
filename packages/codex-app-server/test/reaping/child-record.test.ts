import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ChildRecord, readRecord, writeRecord } from "../../src/reaping/child-record.ts";

let file: string;
beforeEach(() => {
  file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "child-record-")), "child.json");
});
afterEach(() => fs.rmSync(path.dirname(file), { recursive: true, force: true }));

const RECORD: ChildRecord = {
  format: 1,
  generation: 3,
  marker: { name: "CODEXD_INSTANCE", value: "abc-3" },
  child: { pid: 42, startTime: "12345" },
  live: true,
};

test("what was written is read, by its owner only, and nothing else is left", () => {
  expect(readRecord(file)).toEqual({ missing: true });
  writeRecord(file, RECORD);
  expect(readRecord(file)).toEqual({ record: RECORD });
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(path.dirname(file))).toEqual(["child.json"]);
});

test("a record cut at any byte is damaged, never half believed", () => {
  writeRecord(file, RECORD);
  const whole = fs.readFileSync(file);
  for (let length = 0; length < whole.length - 1; length += 1) {
    fs.writeFileSync(file, whole.subarray(0, length));
    expect(readRecord(file), `cut at ${length}`).toHaveProperty("damaged");
  }
});

test.each([
  ["a pid of 0", { ...RECORD, child: { pid: 0, startTime: "1" } }],
  ["a negative pid", { ...RECORD, child: { pid: -1, startTime: "1" } }],
  ["an empty start time", { ...RECORD, child: { pid: 7, startTime: "" } }],
  ["an empty marker", { ...RECORD, marker: { name: "CODEXD_INSTANCE", value: "" } }],
  ["another format", { ...RECORD, format: 2 }],
])("%s is damage", (_name, record) => {
  fs.writeFileSync(file, JSON.stringify(record));
  expect(readRecord(file)).toEqual({ damaged: "not a child record" });
});

test("a failed write throws and leaves the former record and no temporary file", () => {
  writeRecord(file, RECORD);
  fs.mkdirSync(`${file}.tmp`);
  expect(() => writeRecord(file, { ...RECORD, generation: 4 })).toThrow("EISDIR");
  fs.rmSync(`${file}.tmp`, { recursive: true, force: true });
  expect(readRecord(file)).toEqual({ record: RECORD });
});

import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { LogDamagedError, type EventLog } from "../../src/index.ts";
import { abandon, delta, openQuiet, useTempDirs } from "./helpers.ts";
import { damage, fill, SMALL } from "./segment-kit.ts";

const tempDir = useTempDirs();

async function refusal(opening: Promise<EventLog>): Promise<LogDamagedError> {
  const error: unknown = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LogDamagedError);
  return error as LogDamagedError;
}

test("a damaged sealed segment is found in the background and is never skipped by a read", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  damage(path.join(dir, "events.5.jsonl"), '"delta":"6"');
  const log = await openQuiet(dir, SMALL);
  await log.whenChecked();
  expect(log.damage).toMatchObject([
    { file: path.join(dir, "events.5.jsonl"), fault: "a record does not match its checksum" },
  ]);
  const limit = { maxRecords: 99, maxBytes: 1e6 };
  expect(log.read(0, limit).lastSeq).toBe(5);
  expect(() => log.read(5, limit)).toThrow(/events\.5\.jsonl is damaged at byte \d+: record 6 is damaged or missing/);
  expect(() => log.read(5, limit)).toThrow(/codexd log reset/);
  expect(log.read(6, limit).frames.map((frame) => frame.seq)).toEqual([7, 8, 9, 10, 11, 12, 13, 14]);
  log.append([delta("15")]);
  expect(log.head()).toBe(15);
  await log.close();
});

test("damage is also found by the read itself, before the background has come by", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  damage(path.join(dir, "events.5.jsonl"), '"delta":"5"');
  fs.rmSync(path.join(dir, "events.5.idx"));
  const log = await openQuiet(dir, { ...SMALL, checkPauseMs: 3_600_000 });
  expect(() => log.read(4, { maxRecords: 9, maxBytes: 1e6 })).toThrow(LogDamagedError);
  expect(() => log.readSession("ses_0", 4, { maxRecords: 9, maxBytes: 1e6 })).toThrow(LogDamagedError);
  expect(log.damage).toHaveLength(1);
  await log.close();
});

test("a sealed segment that ends too early is damage, even behind a whole record", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  const file = path.join(dir, "events.5.jsonl");
  const lines = fs.readFileSync(file, "utf8").split("\n");
  fs.writeFileSync(file, `${lines.slice(0, 3).join("\n")}\n`);
  const log = await openQuiet(dir, { ...SMALL, checkPauseMs: 3_600_000 });
  const limit = { maxRecords: 99, maxBytes: 1e6 };
  expect(log.read(0, limit).lastSeq).toBe(6);
  expect(() => log.read(6, limit)).toThrow(/ends behind record 6 instead of 8/);
  expect(() => log.readSession("ses_1", 0, limit)).toThrow(LogDamagedError);
  await log.close();
});

test.each([
  ["a segment in the middle is missing", "events.5.jsonl", "events.9.jsonl", /events\.5\.jsonl is missing/],
  ["the last sealed segment is missing", "events.9.jsonl", "events.jsonl", /events\.9\.jsonl is missing/],
  ["the active segment is missing", "events.jsonl", "events.jsonl", /the active segment is missing/],
])("%s: refused by name", async (_name, removed, named, fault) => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  fs.rmSync(path.join(dir, removed));
  const error = await refusal(openQuiet(dir, SMALL));
  expect(path.basename(error.file)).toBe(named);
  expect(error.fault).toMatch(fault);
  expect(error.help).toContain("codexd log reset");
});

test("a segment of another log is refused by name, wherever it stands", async () => {
  const dir = tempDir();
  const other = tempDir();
  await (await fill(dir, 14)).close();
  const foreign = await fill(other, 14);
  await foreign.close();
  for (const name of ["events.1.jsonl", "events.5.jsonl"]) {
    const own = fs.readFileSync(path.join(dir, name));
    fs.copyFileSync(path.join(other, name), path.join(dir, name));
    const error = await refusal(openQuiet(dir, SMALL));
    expect(path.basename(error.file)).toBe(name);
    expect(error.fault).toContain(`belongs to log ${foreign.logId}`);
    fs.writeFileSync(path.join(dir, name), own);
  }
});

test("a segment under the name of another one is refused by name", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  fs.copyFileSync(path.join(dir, "events.1.jsonl"), path.join(dir, "events.5.jsonl"));
  expect((await refusal(openQuiet(dir, SMALL))).fault).toBe("its header says that it begins with 1");
});

test("a log written by a newer release is refused by name and left as it is", async () => {
  const { encodeObjectLine } = await import("../../src/log/line.ts");
  const dir = tempDir();
  const header = {
    format: 2,
    minReader: 2,
    logId: "log_1",
    firstSeq: 1,
    ceiling: 65_536,
    bootId: "boot-a",
    at: "",
    previous: null,
  };
  const content = encodeObjectLine(header);
  fs.writeFileSync(path.join(dir, "events.jsonl"), content);
  expect((await refusal(openQuiet(dir))).fault).toBe("written by a newer release (format 2 needs reader 2, this is 1)");
  expect(fs.readFileSync(path.join(dir, "events.jsonl"))).toEqual(content);
});

test("a newer format that this release can read is read", async () => {
  const { encodeObjectLine } = await import("../../src/log/line.ts");
  const dir = tempDir();
  const header = {
    format: 2,
    minReader: 1,
    logId: "log_1",
    firstSeq: 9,
    ceiling: 65_544,
    bootId: "boot-a",
    at: "",
    previous: null,
    more: 1,
  };
  fs.writeFileSync(path.join(dir, "events.jsonl"), encodeObjectLine(header));
  const log = await openQuiet(dir);
  expect([log.logId, log.oldest(), log.head()]).toEqual(["log_1", 9, 8]);
  await log.close();
});

test("after a power loss an invalid line is cut only when nothing intact stands behind it", async () => {
  for (const [record, outcome] of [
    ["13", "refused"],
    ["14", "cut"],
  ] as const) {
    const dir = tempDir();
    await abandon(await fill(dir, 14));
    damage(path.join(dir, "events.jsonl"), `"delta":"${record}"`);
    const before = fs.readFileSync(path.join(dir, "events.jsonl"));
    if (outcome === "refused") {
      expect((await refusal(openQuiet(dir, { bootId: "boot-b" }))).fault).toBe("a record does not match its checksum");
      expect(fs.readFileSync(path.join(dir, "events.jsonl"))).toEqual(before);
      continue;
    }
    const log = await openQuiet(dir, { bootId: "boot-b" });
    expect(log.gap).toEqual({ from: 14, to: 65_548 });
    expect(log.recovered?.cutBytes).toBeGreaterThan(100);
    const kept = fs.readFileSync(path.join(dir, "events.cut-after-13.bin"));
    expect(before.subarray(-kept.length)).toEqual(kept);
    await log.close();
  }
});

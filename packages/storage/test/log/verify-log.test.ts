import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { verifyLog } from "../../src/index.ts";
import { abandon, useTempDirs } from "./helpers.ts";
import { damage, fill } from "./segment-kit.ts";

const tempDir = useTempDirs();

test("verifyLog reports what is there and changes nothing", async () => {
  const dir = tempDir();
  await (await fill(dir, 14)).close();
  const before = fs.readdirSync(dir).map((name) => [name, fs.statSync(path.join(dir, name)).mtimeMs]);
  const report = await verifyLog(dir);
  expect(report).toMatchObject({ records: 14, isClean: true, tornBytes: 0, markedHead: 14, damage: [] });
  expect(report.segments.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([
    [1, 4],
    [5, 8],
    [9, 12],
    [13, 14],
  ]);
  expect(fs.readdirSync(dir).map((name) => [name, fs.statSync(path.join(dir, name)).mtimeMs])).toEqual(before);
});

test("verifyLog names every damaged place at once", async () => {
  const dir = tempDir();
  await abandon(await fill(dir, 14));
  damage(path.join(dir, "events.1.jsonl"), '"delta":"2"');
  damage(path.join(dir, "events.jsonl"), '"delta":"13"');
  fs.rmSync(path.join(dir, "events.5.jsonl"));
  const report = await verifyLog(dir);
  expect(report.isClean).toBe(false);
  expect(report.damage.map(({ file, fault }) => [path.basename(file), fault])).toEqual([
    ["events.9.jsonl", "events.5.jsonl is missing; events.1.jsonl is not the segment before it"],
    ["events.1.jsonl", "a record does not match its checksum"],
    ["events.jsonl", "a record does not match its checksum"],
  ]);
});

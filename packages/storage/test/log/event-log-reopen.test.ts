import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { abandon, ALL, assertContiguous, delta, openQuiet, readAll, texts, useTempDirs } from "./helpers.ts";

const tempDir = useTempDirs();

test("a clean stop leaves a mark; the next open takes it away and goes on with the next number", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a")]);
  await log.close();
  expect(fs.readFileSync(path.join(dir, "events.jsonl"), "utf8")).toMatch(
    /\{"clean":true,"head":1,"crc":"[0-9a-f]{8}"\}\n$/,
  );
  const again = await openQuiet(dir);
  expect(fs.readFileSync(path.join(dir, "events.jsonl"), "utf8")).not.toContain("clean");
  expect([again.logId, again.head(), again.gap, again.recovered]).toEqual([log.logId, 1, undefined, undefined]);
  expect(again.append([delta("b")]).firstSeq).toBe(2);
  expect(texts(again, 0)).toEqual(["a", "b"]);
  await again.close();
});

test("after kill -9 under the same boot numbers go on without a gap", async () => {
  const dir = tempDir();
  for (let round = 0; round < 3; round += 1) {
    const log = await openQuiet(dir);
    expect(log.head()).toBe(round * 2);
    log.append([delta("a"), delta("b")]);
    await abandon(log);
  }
  const log = await openQuiet(dir);
  expect(readAll(log).map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6]);
  await log.close();
});

test("a clean stop before another boot leaves no gap and begins a segment with a new ceiling", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a"), delta("b")]);
  await log.close();
  const again = await openQuiet(dir, { bootId: "boot-b" });
  expect([again.head(), again.gap]).toEqual([2, undefined]);
  again.append([delta("c")]);
  await abandon(again);
  const third = await openQuiet(dir, { bootId: "boot-b" });
  expect([third.head(), third.gap]).toEqual([3, undefined]);
  expect(texts(third, 0)).toEqual(["a", "b", "c"]);
  await third.close();
});

test("an unclean stop before another boot goes on behind the ceiling and says so", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a"), delta("b")]);
  await abandon(log);
  const again = await openQuiet(dir, { bootId: "boot-b" });
  expect(again.gap).toEqual({ from: 3, to: 65_536 });
  expect(again.head()).toBe(65_537);
  expect(readAll(again).map(({ seq, type, data }) => ({ seq, type, data }))).toEqual([
    { seq: 1, type: "item.delta", data: { delta: "a" } },
    { seq: 2, type: "item.delta", data: { delta: "b" } },
    { seq: 65_537, type: "log.gap", data: { from: 3, to: 65_536 } },
  ]);
  expect(again.read(40_000, ALL).frames.map((frame) => frame.seq)).toEqual([65_537]);
  await again.close();
});

test("an empty log that lived through a power loss also jumps, and stays one file", async () => {
  const dir = tempDir();
  await abandon(await openQuiet(dir));
  const log = await openQuiet(dir, { bootId: "boot-b" });
  expect(log.gap).toEqual({ from: 1, to: 65_536 });
  expect([log.oldest(), log.head()]).toEqual([65_537, 65_537]);
  await log.close();
  expect(fs.readdirSync(dir).sort()).toEqual(["events.head", "events.jsonl"]);
  await (await openQuiet(dir, { bootId: "boot-b" })).close();
});

test("an unfinished last line is cut and reported as an event", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a")]);
  await abandon(log);
  fs.appendFileSync(path.join(dir, "events.jsonl"), '{"seq":2,"at":');
  const again = await openQuiet(dir);
  expect(again.recovered).toEqual({ cutBytes: 14 });
  expect(again.gap).toBeUndefined();
  expect(readAll(again)).toMatchObject([{ seq: 1 }, { seq: 2, type: "log.recovered", data: { cutBytes: 14 } }]);
  await again.close();
});

test("a record that lacks only its newline is kept", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a"), delta("b")]);
  await abandon(log);
  const file = path.join(dir, "events.jsonl");
  fs.truncateSync(file, fs.statSync(file).size - 1);
  const again = await openQuiet(dir);
  again.append([delta("c")]);
  expect(texts(again, 0)).toEqual(["a", "b", "c"]);
  expect(again.recovered).toBeUndefined();
  await again.close();
});

test("a file cut behind a whole record is noticed: its numbers are not given out again", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  log.append([delta("a")]);
  const { size } = fs.statSync(path.join(dir, "events.jsonl"));
  log.append([delta("b"), delta("c")]);
  await abandon(log);
  fs.truncateSync(path.join(dir, "events.jsonl"), size);
  const again = await openQuiet(dir);
  expect(again.gap).toEqual({ from: 2, to: 65_536 });
  const events = readAll(again);
  assertContiguous(events);
  expect(events.map((event) => event.seq)).toEqual([1, 65_537]);
  await again.close();
});

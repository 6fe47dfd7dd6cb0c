import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { LogClosedError, LogDamagedError, verifyLog } from "../../src/index.ts";
import { assertOnlyForgotten, fill, filled, OF_A, SEGMENT, textOf } from "./forget-kit.ts";
import { AT, openQuiet, readAll, snapshotDir, useTempDirs, type StoredEvent } from "./helpers.ts";

const tempDir = useTempDirs();

test("the records of a session keep number and head and lose their data; nothing else changes", async () => {
  const dir = tempDir();
  const log = await filled(dir);
  const before = readAll(log);
  expect(textOf(dir)).toContain("secret 11");
  const { segments, records } = await log.forget(OF_A);
  expect(records).toBe(12);
  expect(segments).toBeGreaterThan(2);
  const sizes = fs.readdirSync(dir).filter((name) => name.endsWith(".jsonl"));
  expect(log.bytes()).toBe(sizes.reduce((sum, name) => sum + fs.statSync(path.join(dir, name)).size, 0));
  const events = readAll(log);
  assertOnlyForgotten(events, before);
  expect(events.filter((event) => "forgotten" in event.data)).toHaveLength(12);
  await log.close();
  const again = await openQuiet(dir);
  expect(readAll(again)).toEqual(events);
  await again.close();
  expect(textOf(dir)).not.toContain("secret");
  expect((await verifyLog(dir)).damage).toEqual([]);
});

test("what `rest` names stays, and a second call finds nothing to do", async () => {
  const dir = tempDir();
  const log = await filled(dir);
  const seen: [string, unknown][] = [];
  const rest = (head: { type: string }, data: unknown) => {
    seen.push([head.type, data]);
    return { length: (data as { delta: string }).delta.length };
  };
  await log.forget({ ...OF_A, rest });
  expect(seen[0]).toEqual(["item.delta", { delta: "secret 0 " }]);
  expect(readAll(log)[0]?.data).toEqual({ forgotten: true, length: 9 });
  const files = snapshotDir(dir);
  expect(await log.forget(OF_A)).toEqual({ segments: 0, records: 0 });
  expect(snapshotDir(dir)).toEqual(files);
  await log.close();
});

test("the active segment is left alone until it is sealed, which may be done early", async () => {
  const dir = tempDir();
  const log = await openQuiet(dir);
  fill(log, 2);
  expect([log.sealedSeq(), await log.forget(OF_A)]).toEqual([0, { segments: 0, records: 0 }]);
  const sealed: unknown[] = [];
  log.onSeal((segment) => sealed.push(segment));
  log.seal();
  log.seal();
  await Promise.resolve();
  expect([log.sealedSeq(), sealed]).toEqual([6, [{ firstSeq: 1, lastSeq: 6 }]]);
  expect((await log.forget(OF_A)).records).toBe(2);
  expect(log.append([{ type: "x", at: AT, data: {} }]).firstSeq).toBe(7);
  await log.close();
});

test("readers anywhere in the log go on by number while it is written again, from memory and from disk", async () => {
  for (const tailCacheBytes of [0, 4_194_304]) {
    const log = await openQuiet(tempDir(), { ...SEGMENT, tailCacheBytes });
    fill(log);
    log.seal();
    const before = readAll(log);
    let isDone = false;
    const forgotten = log.forget(OF_A).then(() => (isDone = true));
    const cursors = [0, 5, 17, 30];
    while (!isDone) {
      for (const [at, cursor] of cursors.entries()) {
        const { frames, lastSeq } = log.read(cursor, { maxRecords: 1, maxBytes: 1 });
        const event = frames.map((frame) => JSON.parse(frame.bytes.toString()) as StoredEvent)[0];
        if (event !== undefined) expect(event.seq).toBe(cursor + 1);
        cursors[at] = lastSeq >= log.head() ? 0 : lastSeq;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await forgotten;
    assertOnlyForgotten(readAll(log), before);
    expect(JSON.stringify(readAll(log))).not.toContain("secret");
    const own = log.readSession("ses_b", 0, { maxRecords: 100, maxBytes: 1_000_000 });
    expect(own.frames).toHaveLength(12);
    await log.close();
  }
});

test("records longer than a slice, and the check in the background beside it", async () => {
  const dir = tempDir();
  const first = await openQuiet(dir);
  const long = "y".repeat(400_000);
  for (const sessionId of ["ses_a", "ses_b", "ses_a"]) {
    first.append([{ type: "item.completed", at: AT, sessionId, data: { text: long } }]);
  }
  first.seal();
  await first.close();
  const log = await openQuiet(dir);
  await Promise.all([log.forget(OF_A), log.whenChecked()]);
  expect(log.damage).toEqual([]);
  expect(readAll(log, 0, { maxRecords: 3, maxBytes: 2_000_000 }).map((event) => event.data)).toEqual([
    { forgotten: true },
    { text: long },
    { forgotten: true },
  ]);
  await log.close();
});

test("a damaged segment is left as it is and named; the others are done", async () => {
  const dir = tempDir();
  const log = await filled(dir);
  const file = path.join(dir, "events.1.jsonl");
  const bytes = fs.readFileSync(file);
  bytes[bytes.length - 40]! ^= 1;
  fs.writeFileSync(file, bytes);
  fs.rmSync(path.join(dir, "events.1.idx"));
  await expect(log.forget(OF_A)).rejects.toThrow(LogDamagedError);
  expect(fs.readFileSync(file)).toEqual(bytes);
  expect(fs.readFileSync(path.join(dir, "events.1.jsonl"), "utf8")).toContain("secret");
  expect(log.damage).toHaveLength(1);
  const rest = fs.readdirSync(dir).filter((name) => name.endsWith(".jsonl") && name !== "events.1.jsonl");
  for (const name of rest) expect(fs.readFileSync(path.join(dir, name), "utf8")).not.toContain("secret");
  await log.close();
});

test("a close while it runs ends it, with nothing half done", async () => {
  const dir = tempDir();
  const log = await filled(dir);
  const running = log.forget(OF_A).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 1));
  await log.close();
  expect(await running).toBeInstanceOf(LogClosedError);
  expect(fs.readdirSync(dir).filter((name) => name.endsWith(".rewrite"))).toEqual([]);
  expect((await verifyLog(dir)).damage).toEqual([]);
});

test("a segment that retention drops meanwhile stays dropped", async () => {
  const dir = tempDir();
  let now = AT;
  const log = await openQuiet(dir, { ...SEGMENT, now: () => now, checkPauseMs: 1 });
  fill(log);
  log.seal();
  const running = log.forget(OF_A);
  now = "2027-01-02T03:04:05.678Z";
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(log.dropSegments({ appliedSeq: 36, keepFromSeq: 37 })).toBeGreaterThan(2);
  await running;
  expect(fs.readdirSync(dir).sort()).toEqual(["events.head", "events.jsonl"]);
  await log.close();
});

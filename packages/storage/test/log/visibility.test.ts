import fc from "fast-check";
import { expect, test } from "vitest";
import { Visibility } from "../../src/log/visibility.ts";
import { delta, openQuiet, useTempDirs } from "./helpers.ts";
import { interceptFs } from "./fs-faults.ts";

const tempDir = useTempDirs();

test("a record of the synced class holds back itself and all after it until it is synced", async () => {
  const log = await openQuiet(tempDir());
  log.append([delta("a")]);
  expect(log.head()).toBe(1);
  log.append([delta("b"), delta("c")], { sync: true });
  log.append([delta("d")]);
  expect([log.head(), log.written()]).toEqual([1, 4]);
  expect(log.read(0, { maxRecords: 9, maxBytes: 1e6 }).frames.map((frame) => frame.seq)).toEqual([1]);
  await log.whenVisible(3);
  expect(log.head()).toBe(4);
  await log.close();
});

test("one fsync is in flight, and the next one covers all that came meanwhile", async () => {
  const log = await openQuiet(tempDir());
  const pending: (() => void)[] = [];
  const restore = interceptFs((op) => {
    if (op.name !== "fdatasync" && op.name !== "fsync") return op.run(...op.args);
    pending.push(() => op.run(...op.args));
    return undefined;
  });
  try {
    log.append([delta("1")], { sync: true });
    log.append([delta("2")], { sync: true });
    await Promise.resolve();
    expect(pending).toHaveLength(1);
    for (let i = 3; i <= 50; i += 1) log.append([delta(String(i))], { sync: true });
    await Promise.resolve();
    expect(pending).toHaveLength(1);
    pending[0]!();
    await log.whenVisible(2);
    expect([log.head(), pending.length]).toEqual([2, 2]);
    pending[1]!();
    await log.whenVisible(50);
    expect(pending).toHaveLength(2);
  } finally {
    restore();
  }
  await log.close();
});

test.each([
  ["after the interval", { syncIntervalMs: 1 }, 10],
  ["after so many bytes", { syncBytes: 2000 }, 3000],
])("what nobody waits for is synced %s", async (_name, options, bytes) => {
  const log = await openQuiet(tempDir(), options);
  const synced = new Promise<string>((resolve) => {
    const restore = interceptFs((op) => {
      if (op.name === "fdatasync" || op.name === "fsync") {
        restore();
        resolve("synced");
      }
      return op.run(...op.args);
    });
  });
  log.append([delta("x".repeat(bytes))]);
  expect(await synced).toBe("synced");
  await log.close();
});

test("the watermark is the model's: last written, below the first unsynced record of the synced class", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("write" as const), count: fc.integer({ min: 1, max: 4 }), mustSync: fc.boolean() }),
    fc.record({ kind: fc.constant("sync" as const), back: fc.integer({ min: 0, max: 6 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const visibility = new Visibility(0);
      let held: { firstSeq: number; lastSeq: number }[] = [];
      let written = 0;
      for (const s of steps) {
        if (s.kind === "write") {
          const batch = { firstSeq: written + 1, lastSeq: written + s.count };
          if (s.mustSync) held.push(batch);
          written = batch.lastSeq;
          visibility.wrote({ ...batch, mustSync: s.mustSync });
        } else {
          held = held.filter((batch) => batch.lastSeq > written - s.back);
          visibility.synced(written - s.back);
        }
        expect(visibility.visible).toBe(held[0] === undefined ? written : held[0].firstSeq - 1);
      }
      visibility.synced(written);
      expect(visibility.visible).toBe(written);
    }),
  );
});

import fs from "node:fs";
import path from "node:path";

import fc from "fast-check";
import { expect, test } from "vitest";

import { DamagedFileError, readCheckpoint, writeCheckpoint } from "../../src/index.ts";
import { cutAtEachByte, flipEachByte } from "./damage-file.ts";
import { withFault } from "./fs-faults.ts";
import { tempDir } from "../temp-dir.ts";

async function twoGenerations(entries: unknown[] = [{ id: "a" }]): Promise<{ file: string; whole: Buffer }> {
  const file = path.join(tempDir(), "session-registry.json");
  await writeCheckpoint(file, { logId: "log", appliedSeq: 1, entries });
  await writeCheckpoint(file, { logId: "log", appliedSeq: 2, entries });
  return { file, whole: fs.readFileSync(file) };
}

test("the file: a header line, an entry a line, the crc32 of all before", async () => {
  const file = path.join(tempDir(), "session-registry.json");
  await writeCheckpoint(file, { logId: "l1", appliedSeq: 42, entries: [{ id: "a", n: 1 }, { id: "ü\n" }] });
  const text = fs.readFileSync(file, "utf8");
  expect(text).toBe(
    [
      '{"format":1,"minReader":1,"logId":"l1","appliedSeq":42,"entries":[',
      '{"id":"a","n":1},',
      '{"id":"ü\\n"}',
      '],"crc":"fc5fbcfa"}',
      "",
    ].join("\n"),
  );
  expect(JSON.parse(text)).toMatchObject({ appliedSeq: 42, entries: [{ id: "a", n: 1 }, { id: "ü\n" }] });
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("no entries", async () => {
  const file = path.join(tempDir(), "registry.json");
  await writeCheckpoint(file, { logId: "l1", appliedSeq: 0, entries: [] });
  expect(fs.readFileSync(file, "utf8")).toMatch(/^\{.*"entries":\[\n\],"crc":"[0-9a-f]{8}"\}\n$/);
  expect(readCheckpoint(file)).toEqual({ logId: "l1", appliedSeq: 0, entries: [], generation: "current" });
});

test("any entries come back as they were", async () => {
  const file = path.join(tempDir(), "registry.json");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.jsonValue()),
      fc.string({ unit: "binary" }),
      fc.maxSafeNat(),
      async (given, logId, appliedSeq) => {
        const entries = JSON.parse(JSON.stringify(given)) as unknown[];
        await writeCheckpoint(file, { logId, appliedSeq, entries });
        expect(readCheckpoint(file)).toEqual({ logId, appliedSeq, entries, generation: "current" });
      },
    ),
    { numRuns: 20 },
  );
});

test("neither generation: undefined", () => {
  expect(readCheckpoint(path.join(tempDir(), "registry.json"))).toBeUndefined();
});

test("current damaged: the previous one, and what was wrong", async () => {
  const { file } = await twoGenerations();
  fs.appendFileSync(file, "x");
  expect(readCheckpoint(file)).toEqual({
    logId: "log",
    appliedSeq: 1,
    entries: [{ id: "a" }],
    generation: "previous",
    damage: { file, fault: "its end is missing or overwritten" },
  });
});

test("no generation readable: refused by name, with the caller's help", async () => {
  const { file } = await twoGenerations();
  fs.truncateSync(file, 30);
  fs.truncateSync(`${file}.prev`, 40);
  expect(() => readCheckpoint(file, { help: "run `codexd log salvage`" })).toThrow(
    `${file}: its end is missing or overwritten, and of ${file}.prev: its end is missing or overwritten; run \`codexd log salvage\``,
  );
});

test("a file by a newer release is refused, and the older generation does not stand in", async () => {
  const { crc32 } = await import("node:zlib");
  const { file } = await twoGenerations();
  const body = '{"format":2,"minReader":2,"logId":"log","appliedSeq":3,"entries":[\n]';
  fs.writeFileSync(file, `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}\n`);
  expect(() => readCheckpoint(file)).toThrow("it was written by a newer release (it needs reader 2, this is 1)");
});

test("whole files that are no checkpoint are damage, not a crash", async () => {
  const { crc32 } = await import("node:zlib");
  const file = path.join(tempDir(), "registry.json");
  const header = '{"format":1,"minReader":1,"logId":"l","appliedSeq":3,"entries":[\n';
  for (const body of [
    "x",
    "[]\n]",
    "{}\n]",
    `null,"entries":[\n]`,
    header.replace("3", '"3"') + "]",
    header.replace('minReader":1', 'minReader":"x"') + "]",
    header + '{"a":\n]',
    header + '{"a":1}',
    header.replace('"l"', "1") + "]",
  ]) {
    fs.writeFileSync(file, `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}\n`);
    expect(() => readCheckpoint(file), body).toThrow(DamagedFileError);
  }
});

test("an entry that is no JSON value: refused, both generations stay", async () => {
  const { file, whole } = await twoGenerations();
  await expect(writeCheckpoint(file, { logId: "log", appliedSeq: 3, entries: [{}, undefined] })).rejects.toThrow(
    TypeError,
  );
  expect(fs.readFileSync(file)).toEqual(whole);
  expect(fs.readdirSync(path.dirname(file))).toEqual(["session-registry.json", "session-registry.json.prev"]);
});

test("a damaged current file is set aside by the next write; the good previous one stays", async () => {
  const { file, whole } = await twoGenerations();
  for (const damaged of [Buffer.from(""), Buffer.from("x"), whole.subarray(0, -1), Buffer.concat([whole, whole])]) {
    fs.writeFileSync(file, damaged);
    await writeCheckpoint(file, { logId: "log", appliedSeq: 3, entries: [] });
    expect(readCheckpoint(file)?.appliedSeq).toBe(3);
    expect(fs.readFileSync(`${file}.damaged`)).toEqual(damaged);
    fs.rmSync(file);
    expect(readCheckpoint(file)?.appliedSeq).toBe(1);
  }
});

test.each([
  ["current whole", false],
  ["current damaged", true],
])("killed before any call, %s: a checkpoint is readable", async (_, isDamaged) => {
  for (let at = 0; ; at += 1) {
    const { file } = await twoGenerations();
    if (isDamaged) fs.writeFileSync(file, "garbage");
    const { error } = await withFault({ at, code: "KILLED", kind: "crash" }, () =>
      writeCheckpoint(file, { logId: "log", appliedSeq: 3, entries: [{ id: "b" }] }),
    );
    const readable = readCheckpoint(file);
    expect([isDamaged ? 1 : 2, 3], `killed before call ${at}`).toContain(readable?.appliedSeq);
    if (!error) break;
  }
});

/** A little over 4 KiB. */
const entries = Array.from({ length: 52 }, (_, index) => ({
  id: `ses_${index}`,
  title: "grüße aus dem Log",
  purpose: "people",
  cwd: "/tmp/x",
}));

test("cut at every byte: the previous generation", async () => {
  const { file, whole } = await twoGenerations(entries);
  expect(whole.length).toBeGreaterThan(4096);
  cutAtEachByte(file, (length) => {
    expect(readCheckpoint(file), `cut to ${length}`).toMatchObject({ appliedSeq: 1, generation: "previous" });
  });
});

test("every byte flipped: the previous generation", async () => {
  const { file } = await twoGenerations(entries);
  flipEachByte(
    file,
    (offset) => [1 << (offset % 8)],
    (offset) => expect(readCheckpoint(file), `byte ${offset}`).toMatchObject({ appliedSeq: 1, generation: "previous" }),
  );
  expect(readCheckpoint(file)).toMatchObject({ appliedSeq: 2, generation: "current" });
});

test("both generations damaged, each at every byte: refused by name", async () => {
  const { file } = await twoGenerations(entries);
  const refused = (at: number): void => expect(() => readCheckpoint(file), `byte ${at}`).toThrow(DamagedFileError);
  fs.truncateSync(file, 2000);
  flipEachByte(`${file}.prev`, (offset) => [1 << (offset % 8)], refused);
  cutAtEachByte(`${file}.prev`, refused);
});

test("50,000 entries: written while the event loop turns, read back whole", async () => {
  const file = path.join(tempDir(), "session-registry.json");
  const many = Array.from({ length: 50_000 }, (_, index) => ({
    id: `ses_${index.toString(16).padStart(32, "0")}`,
    threadId: `0197-${index}`,
    state: "idle",
    cwd: `/home/someone/projects/number-${index}`,
    title: "x".repeat(200),
    metadata: { a: 1, b: [1, 2, 3] },
    createdAt: "2026-11-22T11:10:33.000Z",
  }));
  await writeCheckpoint(file, { logId: "log", appliedSeq: 1, entries: many });

  // Slices are bounded by time: a busy machine makes them smaller, never larger. In one slice it were all 50,000.
  let loopTurn = 0;
  let isWriting = true;
  const tick = (): void => {
    loopTurn += 1;
    if (isWriting) setImmediate(tick);
  };
  setImmediate(tick);
  const takenInTurn = new Map<number, number>();
  function* counted(): Generator<unknown> {
    for (const entry of many) {
      takenInTurn.set(loopTurn, (takenInTurn.get(loopTurn) ?? 0) + 1);
      yield entry;
    }
  }
  await writeCheckpoint(file, { logId: "log", appliedSeq: 2, entries: counted() });
  isWriting = false;
  expect(Math.max(...takenInTurn.values())).toBeLessThan(10_000);

  const startedMs = performance.now();
  const read = readCheckpoint(file);
  if (process.env["BAA_TEST_FIGURES"])
    console.log(`read: ${performance.now() - startedMs} ms, ${fs.statSync(file).size} bytes`);
  expect(read?.appliedSeq).toBe(2);
  expect(read?.entries).toEqual(many);
});

import fs from "node:fs";
import path from "node:path";

import { expect, test } from "vitest";

import { writeFileDurable, writeFileDurableSliced } from "../../src/index.ts";
import { withFault } from "./fs-faults.ts";
import { tempDir } from "../temp-dir.ts";

const read = (file: string): string => fs.readFileSync(file, "utf8");

const writers = [
  { name: "blocking", write: async (file: string, text: string, o?: object) => writeFileDurable(file, text, o) },
  { name: "sliced", write: (file: string, text: string, o?: object) => writeFileDurableSliced(file, [text], o) },
];

test("content: a string, bytes, or an iterable of both", () => {
  const file = path.join(tempDir(), "file");
  writeFileDurable(file, "grüße");
  expect(read(file)).toBe("grüße");
  writeFileDurable(file, new Uint8Array([1, 2, 255]));
  expect([...fs.readFileSync(file)]).toEqual([1, 2, 255]);
  writeFileDurable(file, ["a", Buffer.from("b"), "", "ç"]);
  expect(read(file)).toBe("abç");
  writeFileDurable(file, []);
  expect(read(file)).toBe("");
});

test("an iterable larger than one block arrives whole and in order", () => {
  const file = path.join(tempDir(), "file");
  const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index}\n`);
  writeFileDurable(file, lines);
  expect(read(file)).toBe(lines.join(""));
});

test("the sliced writer: many chunks, whole and in order", async () => {
  const file = path.join(tempDir(), "file");
  const lines = Array.from({ length: 30_000 }, (_, index) => `zeile ${index} ü\n`);
  await writeFileDurableSliced(file, lines);
  expect(read(file)).toBe(lines.join(""));
});

test("the sliced writer: bytes and text among each other, in order", async () => {
  const file = path.join(tempDir(), "file");
  const chunks = ["one ", Buffer.from("two "), "three ", "four ", Buffer.alloc(0), Buffer.from([0xff, 0x00])];
  await writeFileDurableSliced(file, chunks);
  expect(fs.readFileSync(file)).toEqual(Buffer.from("one two three four \xff\0", "latin1"));
});

test.each(writers)("$name: mode 0600 unless asked otherwise, whatever the umask", async ({ write }) => {
  const file = path.join(tempDir(), "file");
  await write(file, "x");
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  await write(file, "x", { mode: 0o666 });
  expect(fs.statSync(file).mode & 0o777).toBe(0o666);
});

test.each(writers)("$name: keepPrevious keeps the former file, and only when there is one", async ({ write }) => {
  const file = path.join(tempDir(), "file");
  await write(file, "one", { keepPrevious: true });
  expect(fs.existsSync(`${file}.prev`)).toBe(false);
  await write(file, "two", { keepPrevious: true });
  await write(file, "three", { keepPrevious: true });
  expect([read(file), read(`${file}.prev`)]).toEqual(["three", "two"]);
  await write(file, "four");
  expect([read(file), read(`${file}.prev`)]).toEqual(["four", "two"]);
  expect(fs.readdirSync(path.dirname(file))).toEqual(["file", "file.prev"]);
});

const never = { at: Number.POSITIVE_INFINITY, code: "", kind: "error" } as const;

test("blocking: content is synced before it gets the name, the name after", async () => {
  const file = path.join(tempDir(), "file");
  fs.writeFileSync(file, "one");
  const { calls } = await withFault(never, () => writeFileDurable(file, "two", { keepPrevious: true }));
  const content = ["openSync", "fchmodSync", "writeSync", "fsyncSync", "closeSync"];
  const former = ["linkSync", "renameSync", "rmSync"];
  const name = ["renameSync", "openSync", "fsyncSync", "closeSync"];
  expect(calls).toEqual([...content, ...former, ...name]);
});

test("sliced: content is synced before it gets the name, the name after", async () => {
  const file = path.join(tempDir(), "file");
  fs.writeFileSync(file, "one");
  const { calls } = await withFault(never, () => writeFileDurableSliced(file, ["two"], { keepPrevious: true }));
  const content = ["openSync", "fchmodSync", "write", "fsync", "closeSync"];
  const former = ["link", "rename", "rm"];
  const name = ["rename", "open", "fsync", "close"];
  expect(calls).toEqual([...content, ...former, ...name]);
});

test.each(writers)(
  "$name: .prev that is the same inode already (crash between two steps) is no obstacle",
  async ({ write }) => {
    const file = path.join(tempDir(), "file");
    fs.writeFileSync(file, "one");
    fs.linkSync(file, `${file}.prev`);
    await write(file, "two", { keepPrevious: true });
    expect([read(file), read(`${file}.prev`)]).toEqual(["two", "one"]);
    expect(fs.readdirSync(path.dirname(file))).toEqual(["file", "file.prev"]);
  },
);

test.each([
  ["blocking", (file: string, chunks: Iterable<string>) => writeFileDurable(file, chunks)],
  ["sliced", (file: string, chunks: Iterable<string>) => writeFileDurableSliced(file, chunks)],
])("%s: an iterable that throws leaves the good file and no temporary", async (_, write) => {
  const file = path.join(tempDir(), "file");
  fs.writeFileSync(file, "good");
  function* chunks(): Generator<string> {
    yield "x".repeat(200_000);
    throw new Error("no more");
  }
  await expect(async () => write(file, chunks())).rejects.toThrow("no more");
  expect(read(file)).toBe("good");
  expect(fs.readdirSync(path.dirname(file))).toEqual(["file"]);
});

test("what killed writers left is removed by the next write; a living writer's temporary and other files stay", () => {
  const directory = tempDir();
  const file = path.join(directory, "file");
  const deadPid = 2 ** 22 + 1; // above the largest pid of Linux and macOS
  const names = {
    stale: [`file.${deadPid}.00000000.tmp`, `file.${deadPid}.0000000a.tmp.former`, `file.${process.pid}.00000000.tmp`],
    kept: [
      "file.1.00000000.tmp",
      `file.${deadPid}.tmp`,
      `other.${deadPid}.00000000.tmp`,
      `file.${process.pid}.00000001.tmp`,
    ],
  };
  for (const name of [...names.stale, ...names.kept]) fs.writeFileSync(path.join(directory, name), "");
  const beforeThisProcess = new Date(performance.timeOrigin - 60_000);
  fs.utimesSync(path.join(directory, `file.${process.pid}.00000000.tmp`), beforeThisProcess, beforeThisProcess);
  writeFileDurable(file, "x");
  expect(fs.readdirSync(directory).sort()).toEqual(["file", ...names.kept].sort());
});

const keepings = [
  { keepPrevious: false, always: undefined },
  { keepPrevious: true, always: undefined },
  { keepPrevious: true, always: "EPERM" },
] as const;
const cases = writers.flatMap((writer) =>
  keepings.map((keeping) => ({
    ...writer,
    ...keeping,
    link: writer.name === "sliced" ? "link" : "linkSync",
    title: `${writer.name}, keepPrevious ${keeping.keepPrevious}${keeping.always ? ", no hard links" : ""}`,
  })),
);

test.each(cases)("$title: whichever call fails, the error comes out and a whole file is there", async (row) => {
  for (let at = 0; ; at += 1) {
    const file = path.join(tempDir(), "file");
    fs.writeFileSync(file, "old");
    const { calls, error } = await withFault(
      { at, code: "EIO", kind: "error", ...(row.always && { always: { name: row.link, code: row.always } }) },
      () => row.write(file, "new", { keepPrevious: row.keepPrevious }),
    );
    if (at >= calls.length) {
      expect(error).toBeUndefined();
      expect(at).toBeGreaterThan(7);
      break;
    }
    const failed = calls[at]!;
    expect(error?.code, `call ${at} ${failed}`).toBe("EIO");
    const isInstalled =
      calls.slice(0, at).filter((name) => name.startsWith("rename")).length > (row.keepPrevious ? 1 : 0);
    const isBetweenRenames = row.always && calls.slice(0, at).some((name) => name.startsWith("rename")) && !isInstalled;
    expect(read(isBetweenRenames ? `${file}.prev` : file), `call ${at} ${failed}`).toBe(isInstalled ? "new" : "old");
    const left = fs.readdirSync(path.dirname(file)).filter((name) => name.endsWith(".tmp") || name.endsWith(".former"));
    if (!failed.startsWith("rm")) expect(left, `call ${at} ${failed}`).toEqual([]);
  }
});

test.each(cases)("$title: killed before any call, current or previous is whole", async (row) => {
  for (let at = 0; ; at += 1) {
    const file = path.join(tempDir(), "file");
    fs.writeFileSync(file, "old");
    fs.writeFileSync(`${file}.prev`, "older");
    const { calls, error } = await withFault(
      { at, code: "KILLED", kind: "crash", ...(row.always && { always: { name: row.link, code: row.always } }) },
      () => row.write(file, "new", { keepPrevious: row.keepPrevious }),
    );
    const current = fs.existsSync(file) ? read(file) : undefined;
    const previous = read(`${file}.prev`);
    const state = `${current} ${previous}`;
    if (row.keepPrevious) {
      const missing = row.always ? ["undefined old"] : [];
      expect(["old older", "old old", "new old", ...missing], `killed before call ${at}`).toContain(state);
    } else {
      expect(["old older", "new older"], `killed before call ${at}`).toContain(state);
    }
    if (!error) {
      expect(calls.length).toBe(at);
      break;
    }
  }
});

test.each(writers)(
  "$name: a disk that fills up in the middle of a write is told, never a truncated file",
  async ({ write }) => {
    const file = path.join(tempDir(), "file");
    fs.writeFileSync(file, "good");
    const realSync = fs.writeSync;
    const realSliced = fs.write;
    let bytesLeft = 1000;
    const full = (): Error => Object.assign(new Error("ENOSPC: planted"), { code: "ENOSPC" });
    const take = (bytes: Uint8Array): number => {
      const taken = Math.min(bytesLeft, bytes.byteLength);
      bytesLeft -= taken;
      return taken;
    };
    fs.writeSync = ((fd: number, bytes: Uint8Array, offset: number) => {
      const taken = take(bytes.subarray(offset));
      if (taken === 0) throw full();
      return realSync(fd, bytes, offset, taken);
    }) as typeof fs.writeSync;
    fs.write = ((fd: number, bytes: Uint8Array, done: (error: Error | null, written: number) => void) => {
      const taken = take(bytes);
      if (taken === 0) setImmediate(() => done(full(), 0));
      else realSliced(fd, bytes, 0, taken, done);
    }) as typeof fs.write;
    try {
      await expect(write(file, "x".repeat(5000))).rejects.toMatchObject({ code: "ENOSPC" });
      expect(read(file)).toBe("good");
      bytesLeft = 100_000;
      await write(file, "y".repeat(5000));
    } finally {
      fs.writeSync = realSync;
      fs.write = realSliced;
    }
    expect(read(file)).toBe("y".repeat(5000));
    expect(fs.readdirSync(path.dirname(file))).toEqual(["file"]);
  },
);

test.each(writers)("$name: writes that come back short are gone on with", async ({ write }) => {
  const file = path.join(tempDir(), "file");
  const realSync = fs.writeSync;
  const realSliced = fs.write;
  fs.writeSync = ((fd: number, bytes: Uint8Array, offset: number) =>
    realSync(fd, bytes, offset, Math.min(7, bytes.byteLength - offset))) as typeof fs.writeSync;
  fs.write = ((fd: number, bytes: Uint8Array, done: () => void) =>
    realSliced(fd, bytes, 0, Math.min(7, bytes.byteLength), done)) as typeof fs.write;
  try {
    await write(file, "0123456789".repeat(10));
  } finally {
    fs.writeSync = realSync;
    fs.write = realSliced;
  }
  expect(read(file)).toBe("0123456789".repeat(10));
});

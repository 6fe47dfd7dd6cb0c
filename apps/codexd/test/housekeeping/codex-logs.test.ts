import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { holdersOf, rotateCodexLogs } from "../../src/housekeeping/codex-logs.ts";
import { tempDir } from "../support/temp-dir.ts";

const home = (files: Record<string, string>): string => {
  const dir = tempDir();
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text);
  return dir;
};
const contents = (dir: string): Record<string, string> =>
  Object.fromEntries(fs.readdirSync(dir).map((name) => [name, fs.readFileSync(path.join(dir, name), "utf8")] as const));
const nobody = async (): Promise<number[]> => [];

test("below the limit nothing is touched, and nobody is looked for", async () => {
  const dir = home({ "logs_2.sqlite": "12345", "logs_2.sqlite-wal": "12345" });
  const holders = async (): Promise<number[]> => expect.unreachable();
  expect(await rotateCodexLogs({ codexHome: dir, maxBytes: 10, holders })).toEqual({ kind: "small", bytes: 10 });
  expect(Object.keys(contents(dir))).toEqual(["logs_2.sqlite", "logs_2.sqlite-wal"]);
});

test("over it, with journal and index counted, the database is set aside with both; the former one goes", async () => {
  const dir = home({
    "logs_2.sqlite": "new",
    "logs_2.sqlite-wal": "wal",
    "logs_2.sqlite-shm": "shm",
    "logs_2.sqlite.former": "old",
    "logs_2.sqlite.former-wal": "old wal",
    "logs_2.sqlite.former-shm": "old shm",
    "state_5.sqlite": "state",
  });
  expect(await rotateCodexLogs({ codexHome: dir, maxBytes: 8, holders: nobody })).toEqual({
    kind: "rotated",
    bytes: 9,
    to: path.join(dir, "logs_2.sqlite.former"),
  });
  expect(contents(dir)).toEqual({
    "logs_2.sqlite.former": "new",
    "logs_2.sqlite.former-wal": "wal",
    "logs_2.sqlite.former-shm": "shm",
    "state_5.sqlite": "state",
  });
});

test("a journal of the one before it does not stay beside a database without one", async () => {
  const dir = home({ "logs_2.sqlite": "new!", "logs_2.sqlite.former-wal": "old wal" });
  await rotateCodexLogs({ codexHome: dir, maxBytes: 3, holders: nobody });
  expect(contents(dir)).toEqual({ "logs_2.sqlite.former": "new!" });
});

test("a home that does not exist, or has no log, needs nothing", async () => {
  expect(await rotateCodexLogs({ codexHome: "/no/such/home", maxBytes: 0, holders: nobody })).toEqual({
    kind: "small",
    bytes: 0,
  });
});

test("while another process has it open it is left alone, and who that is is said", async () => {
  const dir = home({ "logs_2.sqlite": "12345" });
  const file = path.join(dir, "logs_2.sqlite");
  const fd = fs.openSync(file, "r");
  try {
    expect(await rotateCodexLogs({ codexHome: dir, maxBytes: 1 })).toEqual({
      kind: "held",
      bytes: 5,
      pids: [process.pid],
    });
  } finally {
    fs.closeSync(fd);
  }
  expect(contents(dir)).toEqual({ "logs_2.sqlite": "12345" });
  expect(await holdersOf([file])).toEqual([]);
  expect((await rotateCodexLogs({ codexHome: dir, maxBytes: 1 })).kind).toBe("rotated");
});

test("one that is open by way of another path to the same home is seen too", async () => {
  const dir = home({ "logs_2.sqlite": "12345" });
  const link = path.join(tempDir(), "link");
  fs.symlinkSync(dir, link);
  const fd = fs.openSync(path.join(dir, "logs_2.sqlite"), "r");
  try {
    expect(await holdersOf([path.join(link, "logs_2.sqlite")])).toEqual([process.pid]);
  } finally {
    fs.closeSync(fd);
  }
});

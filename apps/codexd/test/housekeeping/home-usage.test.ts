import fs from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { HomeMeter } from "../../src/housekeeping/home-meter.ts";
import { measureHome } from "../../src/housekeeping/home-usage.ts";
import { fakeLogger } from "../support/logger.ts";
import { tempDir } from "../support/temp-dir.ts";

const write = (file: string, bytes: number): void => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, Buffer.alloc(bytes));
};
const forever = new AbortController().signal;

test("histories, Codex's own log and the rest are told apart; links are not followed", async () => {
  const home = tempDir();
  write(path.join(home, "sessions/2026/01/02/a.jsonl"), 100);
  write(path.join(home, "sessions/2026/01/03/b.jsonl"), 20);
  write(path.join(home, "archived_sessions/c.jsonl"), 3);
  write(path.join(home, "logs_2.sqlite"), 1000);
  write(path.join(home, "logs_2.sqlite-wal"), 200);
  write(path.join(home, "logs_2.sqlite.former"), 30);
  write(path.join(home, "state_5.sqlite"), 7);
  write(path.join(home, "packages/x/y"), 50);
  const outside = tempDir();
  write(path.join(outside, "big"), 100_000);
  fs.symlinkSync(outside, path.join(home, "link"));
  fs.symlinkSync(path.join(outside, "big"), path.join(home, "sessions/link"));
  expect(await measureHome(home, forever)).toEqual({ sessions: 123, logs: 1230, other: 57 });
});

test("a directory of many files is counted whole", async () => {
  const home = tempDir();
  for (let index = 0; index < 100; index += 1) write(path.join(home, "sessions", `${index}.jsonl`), index);
  expect((await measureHome(home, forever)).sessions).toBe(4950);
});

test("a home that does not exist takes nothing", async () => {
  expect(await measureHome("/no/such/home", forever)).toEqual({ sessions: 0, logs: 0, other: 0 });
});

test("the meter measures in the background, again and again, and stops", async () => {
  const home = tempDir();
  write(path.join(home, "sessions/a"), 1);
  const { logger, lines } = fakeLogger();
  const meter = new HomeMeter({ codexHome: home, logger, firstMs: 1, intervalMs: 5 });
  onTestFinished(() => meter.stop());
  expect(meter.usage).toBeUndefined();
  meter.start();
  await vi.waitFor(() => expect(meter.usage?.sessions).toBe(1));
  write(path.join(home, "sessions/b"), 2);
  await vi.waitFor(() => expect(meter.usage?.sessions).toBe(3));
  meter.stop();
  expect(lines).toEqual([]);
});

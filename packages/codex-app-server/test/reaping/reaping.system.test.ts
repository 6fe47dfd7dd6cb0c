import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemProcessTable } from "../../src/reaping/process-table.ts";
import { reapFormerChild } from "../../src/reaping/reap-former.ts";
import { FAKE_CHILD, Supervised, isAlive } from "../support/supervised.ts";

const DOOMED_PARENT = fileURLToPath(new URL("../programs/doomed-parent.ts", import.meta.url));
const table = systemProcessTable();

let dir: string;
let supervised: Supervised | undefined;
const canaries: ChildProcess[] = [];

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "reaping-"));
});
afterEach(async () => {
  await supervised?.close();
  supervised = undefined;
  for (const canary of canaries.splice(0)) canary.kill("SIGKILL");
  fs.rmSync(dir, { recursive: true, force: true });
});

/** A process that looks like ours by its command line; it must survive whatever is reaped. */
async function canary(env: Record<string, string>): Promise<number> {
  const child = spawn(process.execPath, [FAKE_CHILD, "canary"], { env, stdio: ["pipe", "ignore", "ignore"] });
  canaries.push(child);
  await once(child, "spawn");
  if (child.pid === undefined) throw new Error("no canary");
  return child.pid;
}

/** Starts a parent that supervises a child with two descendants, and kills it with SIGKILL. */
async function killedParent(): Promise<{ child: number; pids: number[]; marker: string }> {
  const parent = spawn(process.execPath, ["--import", "tsx", DOOMED_PARENT, dir, FAKE_CHILD], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(parent.stdout), "line")) as [string];
  parent.kill("SIGKILL");
  await once(parent, "exit");
  return JSON.parse(line) as { child: number; pids: number[]; marker: string };
}

function restart(): Supervised {
  supervised = Supervised.behaving("ready", { dir });
  return supervised;
}

function reaped(one: Supervised): { pid: number; role: string }[] {
  return one.told.flatMap((told) => (told.kind === "reaped" ? [...told.killed] : []));
}

describe("after the parent was killed with SIGKILL", () => {
  test("who holds the lock can end the former child without starting another", async () => {
    const { child, pids, marker } = await killedParent();
    const other = await canary({ MARKER: `${marker}-of-somebody-else` });
    const record = path.join(dir, "child.json");
    const former = await reapFormerChild(record);
    expect(former).toMatchObject({ record: "live", killed: expect.arrayContaining([{ pid: child, role: "child" }]) });
    for (const pid of pids) expect(isAlive(pid)).toBe(false);
    expect(isAlive(other)).toBe(true);
    expect(await reapFormerChild(record)).toEqual({ record: "ended" });
    expect(await reapFormerChild(path.join(dir, "other.json"))).toEqual({ record: "missing" });
    fs.writeFileSync(record, "garbage");
    expect(await reapFormerChild(record)).toMatchObject({ record: "damaged" });
    expect(fs.readFileSync(record, "utf8")).toBe("garbage");
  });

  test("the next start ends the former child and its descendants, and nobody else", async () => {
    const { child, pids, marker } = await killedParent();
    expect([child, ...pids].map(isAlive)).toEqual([true, true, true]);
    const survivors = await Promise.all([
      canary({ MARKER: `${marker}-10` }),
      canary({ MARKER: `x${marker}-1` }),
      canary({ OTHER_MARKER: `${marker}-1` }),
      canary({ COMMAND: `MARKER=${marker}-1` }),
    ]);
    const one = restart();
    await one.supervisor.start();
    expect([child, ...pids].map(isAlive)).toEqual([false, false, false]);
    expect(reaped(one)).toEqual(
      expect.arrayContaining([
        { pid: child, role: "child" },
        { pid: pids[0], role: "descendant" },
        { pid: pids[1], role: "descendant" },
      ]),
    );
    expect(reaped(one)).toHaveLength(3);
    expect(survivors.map(isAlive)).toEqual([true, true, true, true]);
    expect(await one.supervisor.whenReady(10_000)).toBe(true);
    expect(one.supervisor.state.generation).toBe(2);
  });

  test("a former child that was stopped (SIGSTOP) is killed", async () => {
    const { child } = await killedParent();
    process.kill(child, "SIGSTOP");
    const one = restart();
    await one.supervisor.start();
    expect(isAlive(child)).toBe(false);
  });

  test("descendants are found even when the child's pid was never recorded", async () => {
    const { child, pids } = await killedParent();
    const file = path.join(dir, "child.json");
    const record = JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, unknown>;
    delete record["child"];
    fs.writeFileSync(file, JSON.stringify(record));
    const one = restart();
    await one.supervisor.start();
    expect([child, ...pids].map(isAlive)).toEqual([false, false, false]);
  });
});

describe("a record whose pid belongs to someone else now", () => {
  function writeRecord(pid: number, startTime: string): void {
    const marker = { name: "MARKER", value: "former-1" };
    const record = { format: 1, generation: 1, marker, live: true, child: { pid, startTime } };
    fs.writeFileSync(path.join(dir, "child.json"), JSON.stringify(record));
  }

  test("is not signalled when the start time differs", async () => {
    const pid = await canary({});
    writeRecord(pid, "1");
    const one = restart();
    await one.supervisor.start();
    expect(isAlive(pid)).toBe(true);
    expect(reaped(one)).toEqual([]);
  });

  test("is not signalled when pid and start time agree but the marker does not", async () => {
    const pid = await canary({ MARKER: "former-2" });
    writeRecord(pid, (await table.startTime(pid)) ?? "");
    const one = restart();
    await one.supervisor.start();
    expect(isAlive(pid)).toBe(true);
    expect(reaped(one)).toEqual([]);
  });
});

test("a damaged record is moved aside and reported, nobody is signalled, and the child starts", async () => {
  fs.writeFileSync(path.join(dir, "child.json"), '{"format":1,"generation":4,"mark');
  const one = restart();
  await one.supervisor.start();
  expect(await one.supervisor.whenReady(10_000)).toBe(true);
  expect(fs.existsSync(path.join(dir, "child.json.damaged"))).toBe(true);
  const [told] = one.told;
  expect(told).toMatchObject({ kind: "reaped", killed: [] });
  expect(told?.kind === "reaped" && told.reason).toContain("the child record was damaged");
});

test("a record that cannot be written keeps the child from starting, and says so", async () => {
  const one = Supervised.behaving("ready", { dir, recordFile: path.join(dir, "no", "such", "child.json") });
  supervised = one;
  await one.supervisor.start();
  expect(one.supervisor.state.kind).toBe("degraded");
  expect(one.supervisor.state.reason).toContain("ENOENT: no such file or directory, open");
  expect(one.exits).toEqual([]);
});

describe("after the child's own death", () => {
  test("what it left behind is ended before the next one starts; a later generation's processes are not", async () => {
    supervised = Supervised.behaving("descendants", { dir });
    const one = supervised;
    await one.supervisor.start();
    const pidsOf = (generation: number): number[] =>
      one
        .notifications("pids")
        .flatMap((told) => (told.generation === generation ? (told.params as { pids: number[] }).pids : []));
    await one.until("the first pids", () => pidsOf(1).length === 2);
    process.kill(one.supervisor.state.pid ?? 0, "SIGKILL");
    await one.until("the next pids", () => pidsOf(2).length === 2);
    expect(pidsOf(1).map(isAlive)).toEqual([false, false]);
    expect(pidsOf(2).map(isAlive)).toEqual([true, true]);
    await one.supervisor.stop();
    expect(pidsOf(2).map(isAlive)).toEqual([false, false]);
  });
});

describe("the process table", () => {
  test("knows this process and not one that is gone", async () => {
    expect(await table.startTime(process.pid)).toMatch(/./);
    expect(await table.parent(process.pid)).toBe(process.ppid);
    const gone = spawn(process.execPath, ["-e", "0"]);
    await once(gone, "exit");
    expect(await table.startTime(gone.pid ?? 0)).toBeUndefined();
    expect(await table.hasEnv(gone.pid ?? 0, "PATH", "")).toBe(false);
  });

  test("finds a process by an exact entry of its environment only", async () => {
    const value = `find-${process.pid}`;
    const pid = await canary({ FIRST: "a b=c", MARKER: value, LAST: "" });
    expect((await table.findByEnv("MARKER", value)).map((one) => one.pid)).toEqual([pid]);
    expect(await table.findByEnv("MARKER", value.slice(0, -1))).toEqual([]);
    expect(await table.findByEnv("ARKER", value)).toEqual([]);
    expect(await table.hasEnv(pid, "LAST", "")).toBe(true);
  });
});

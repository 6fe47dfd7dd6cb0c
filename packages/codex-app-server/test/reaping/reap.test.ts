import { describe, expect, test } from "vitest";
import type { ProcessTable } from "../../src/reaping/process-table.ts";
import { type ReapOptions, reapDescendants, reapRecorded } from "../../src/reaping/reap.ts";

interface FakeProcess {
  startTime: string;
  env?: string;
  parent?: number;
  /** Signals it ends on; by default both. */
  endsOn?: NodeJS.Signals[];
  /** Starts another process when it is signalled. */
  forks?: [number, FakeProcess];
}

const MARKER = { name: "CODEXD_INSTANCE", value: "abc-1" };
const MARKED = "CODEXD_INSTANCE=abc-1";

/** A machine of processes that are only numbers. */
function machine(processes: Record<number, FakeProcess>): { signals: string[]; options: ReapOptions } {
  const live = new Map(Object.entries(processes).map(([pid, one]) => [Number(pid), one]));
  const signals: string[] = [];
  const table: ProcessTable = {
    startTime: async (pid) => live.get(pid)?.startTime,
    hasEnv: async (pid, name, value) => live.get(pid)?.env === `${name}=${value}`,
    findByEnv: async (name, value) =>
      [...live].filter(([, one]) => one.env === `${name}=${value}`).map(([pid, { startTime }]) => ({ pid, startTime })),
    parent: async (pid) => live.get(pid)?.parent,
  };
  const kill = (pid: number, signal: NodeJS.Signals): void => {
    signals.push(`${signal} ${pid}`);
    const one = live.get(pid);
    if (one?.forks !== undefined) live.set(...one.forks);
    if (one?.endsOn?.includes(signal) ?? true) live.delete(pid);
  };
  return { signals, options: { table, marker: MARKER, kill, self: 1, termMs: 20, killMs: 20 } };
}

function record(child?: { pid: number; startTime: string }): Parameters<typeof reapRecorded>[0] {
  return { format: 1, generation: 1, marker: MARKER, live: true, ...(child === undefined ? {} : { child }) };
}

describe("the former child", () => {
  const child = { pid: 10, startTime: "100" };

  test("is ended by SIGTERM when pid, start time and marker agree", async () => {
    const { signals, options } = machine({ 10: { startTime: "100", env: MARKED } });
    expect(await reapRecorded(record(child), options)).toEqual({ killed: [{ pid: 10, role: "child" }], left: [] });
    expect(signals).toEqual(["SIGTERM 10"]);
  });

  test("is killed when it does not end on SIGTERM, as a stopped process does not", async () => {
    const { signals, options } = machine({ 10: { startTime: "100", env: MARKED, endsOn: ["SIGKILL"] } });
    expect(await reapRecorded(record(child), options)).toEqual({ killed: [{ pid: 10, role: "child" }], left: [] });
    expect(signals).toEqual(["SIGTERM 10", "SIGKILL 10"]);
  });

  test("that will not end at all is reported", async () => {
    const { options } = machine({ 10: { startTime: "100", env: MARKED, endsOn: [] } });
    expect(await reapRecorded(record(child), options)).toEqual({ killed: [{ pid: 10, role: "child" }], left: [10] });
  });

  test.each([
    ["another start time", { startTime: "101" }],
    ["another start time and no marker", { startTime: "101", env: "OTHER=1" }],
    ["the start time but no marker", { startTime: "100" }],
    ["the start time and another marker", { startTime: "100", env: "CODEXD_INSTANCE=abc-10" }],
  ])("whose pid now belongs to a process with %s is not signalled", async (_name, foreign) => {
    const { signals, options } = machine({ 10: foreign });
    expect(await reapRecorded(record(child), options)).toEqual({ killed: [], left: [] });
    expect(signals).toEqual([]);
  });

  test("whose pid now belongs to a descendant of ours is not taken for it", async () => {
    const { signals, options } = machine({ 10: { startTime: "101", env: MARKED } });
    expect((await reapRecorded(record(child), options)).killed).toEqual([{ pid: 10, role: "descendant" }]);
    expect(signals).toEqual(["SIGKILL 10"]);
  });

  test("is left alone when the record says that it ended", async () => {
    const { signals, options } = machine({ 10: { startTime: "100", env: MARKED } });
    await reapRecorded({ ...record(child), live: false }, options);
    expect(signals).toEqual([]);
  });
});

describe("descendants", () => {
  test("with the marker are killed, also when the child's pid was never recorded", async () => {
    const { signals, options } = machine({
      11: { startTime: "1", env: MARKED },
      12: { startTime: "2", env: "CODEXD_INSTANCE=abc-11" },
      13: { startTime: "3" },
    });
    expect(await reapRecorded(record(), options)).toEqual({ killed: [{ pid: 11, role: "descendant" }], left: [] });
    expect(signals).toEqual(["SIGKILL 11"]);
  });

  test("that are born while we look are found by looking again", async () => {
    const late: FakeProcess = { startTime: "9", env: MARKED };
    const { signals, options } = machine({ 11: { startTime: "1", env: MARKED, forks: [12, late] } });
    expect((await reapDescendants(options)).killed.map(({ pid }) => pid)).toEqual([11, 12]);
    expect(signals).toEqual(["SIGKILL 11", "SIGKILL 12"]);
  });

  test("never include this process or one of its ancestors", async () => {
    const { signals, options } = machine({
      1: { startTime: "1", env: MARKED, parent: 2 },
      2: { startTime: "2", env: MARKED, parent: 3 },
      3: { startTime: "3", env: MARKED, parent: 0 },
      4: { startTime: "4", env: MARKED, parent: 1 },
    });
    await reapRecorded(record({ pid: 3, startTime: "3" }), options);
    expect(signals).toEqual(["SIGKILL 4"]);
  });

  test("whose pid is someone else's by the time of the signal are not signalled", async () => {
    const { signals, options } = machine({ 11: { startTime: "2", env: MARKED } });
    const seenBefore = async (): Promise<{ pid: number; startTime: string }[]> => [{ pid: 11, startTime: "1" }];
    await reapDescendants({ ...options, table: { ...options.table, findByEnv: seenBefore } });
    expect(signals).toEqual([]);
  });

  test("that vanish before the signal do no harm", async () => {
    const { options } = machine({ 11: { startTime: "1", env: MARKED } });
    const report = await reapDescendants({
      ...options,
      kill: (pid, signal) => {
        options.kill(pid, signal);
        throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
      },
    });
    expect(report).toEqual({ killed: [], left: [] });
  });
});

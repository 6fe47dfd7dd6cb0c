import fs from "node:fs";
import { afterEach, expect, test } from "vitest";
import { isAlive, Supervised } from "../support/supervised.ts";

let supervised: Supervised | undefined;
afterEach(() => supervised?.close());

test("a version that is refused: nothing but initialize was asked, the child is ended, degraded with the words, tried again slowly", async () => {
  let refusal: string | undefined = "0.1.2 is older than 0.2.0";
  const versions: string[] = [];
  const one = (supervised = Supervised.behaving("ready", {
    timings: { degradedRetryMs: 200 },
    refuseVersion: (version) => {
      versions.push(version);
      return refusal;
    },
  }));
  await one.supervisor.start();
  await one.untilState("degraded");
  expect(one.supervisor.state).toMatchObject({ kind: "degraded", generation: 1, reason: "0.1.2 is older than 0.2.0" });
  expect(one.states).not.toContain("ready");
  expect(one.exits).toMatchObject([{ reason: "config", signal: "SIGKILL" }]);
  expect(isAlive(one.exits[0]?.pid ?? 0)).toBe(false);
  refusal = undefined;
  await one.untilState("ready", { generation: 2 });
  expect(versions).toEqual(["0.1.2", "0.1.2"]);
});

test("before every spawn, and only while no child lives, there is time for what needs that", async () => {
  const pids: number[] = [];
  const alive: boolean[] = [];
  const one = (supervised = Supervised.behaving("ready", {
    beforeSpawn: async () => {
      alive.push(pids.some(isAlive));
    },
  }));
  await one.supervisor.start();
  await one.untilState("ready");
  pids.push(one.supervisor.state.pid ?? 0);
  process.kill(pids[0] ?? 0, "SIGKILL");
  await one.untilState("ready", { generation: 2 });
  expect(alive).toEqual([false, false]);
});

test("when that fails the attempt has failed: no child, and another attempt follows", async () => {
  let isBroken = true;
  const one = (supervised = Supervised.behaving("ready", {
    beforeSpawn: async () => {
      if (isBroken) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    },
  }));
  await one.supervisor.start();
  await one.untilState("backoff");
  expect(one.supervisor.state.reason).toContain("no space left");
  expect(fs.existsSync(`${one.dir}/child.json`)).toBe(false);
  isBroken = false;
  await one.untilState("ready");
});

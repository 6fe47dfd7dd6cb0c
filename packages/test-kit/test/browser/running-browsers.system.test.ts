import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { isAlive, tempRoot } from "@baa/test-kit";
import { expect, test } from "vitest";
import { RunningBrowsers } from "../../src/browser/running-browsers.ts";

const UNUSED_PID = 2 ** 22 + 1; // above what Linux and macOS give out

/** A group of two that names a profile, and the note of it. */
async function startGroup(t: { onTestFinished(done: () => void): void }) {
  const root = tempRoot();
  const profileDir = root.dir("browser", "profile");
  const script = `sleep 60 & echo ready; wait # ${profileDir}`;
  const child = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  const pgid = child.pid ?? 0;
  t.onTestFinished(() => {
    if (isAlive(pgid)) process.kill(-pgid, "SIGKILL");
    root.remove();
  });
  await once(child.stdout, "data");
  const running = new RunningBrowsers(root.join("notes"));
  running.note(pgid, profileDir);
  const change = (more: object): void => {
    const file = root.join("notes", `${pgid}.json`);
    fs.writeFileSync(file, JSON.stringify({ ...JSON.parse(fs.readFileSync(file, "utf8")), ...more }));
  };
  return { running, change, pgid, profileDir, exited: once(child, "exit") };
}

test("a browser whose test process is alive is left alone", async (t) => {
  const { running, pgid } = await startGroup(t);
  expect(await running.endLeft()).toEqual([]);
  expect(isAlive(pgid)).toBe(true);
});

test("one whose test process is gone is killed with its group, and its files are removed", async (t) => {
  const { running, change, profileDir, exited } = await startGroup(t);
  change({ owner: UNUSED_PID });
  const [left] = await running.endLeft();
  expect(left?.profileDir).toBe(profileDir);
  expect(left?.killed.length).toBeGreaterThanOrEqual(2);
  await exited;
  expect(fs.existsSync(profileDir)).toBe(false);
  expect(await running.endLeft()).toEqual([]);
});

test("at the end of a lane those of its own workers are, alive or not", async (t) => {
  const { running, exited } = await startGroup(t);
  expect(await running.endLeft(process.ppid)).toHaveLength(1);
  await exited;
});

test("a group of the same number that is no browser of ours is not touched", async (t) => {
  const { running, change, pgid } = await startGroup(t);
  change({ owner: UNUSED_PID, profileDir: "/nonexistent/other/profile" });
  expect(await running.endLeft()).toEqual([{ profileDir: "/nonexistent/other/profile", killed: [] }]);
  expect(isAlive(pgid)).toBe(true);
});

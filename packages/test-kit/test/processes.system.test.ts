import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { findMarked, isAlive, killMarked, waitGone } from "../src/index.ts";

test("a mark in the environment finds orphans that left their session, and no one else", async () => {
  const mark = { name: "BAA_TEST_MARK", value: randomUUID() };
  const bystander = spawn("sleep", ["60"], { env: { PATH: process.env["PATH"], BAA_TEST_MARK: `${mark.value}-not` } });
  const parent = spawn("sh", ["-c", "setsid sleep 61 & sleep 62 & echo started; wait"], {
    env: { PATH: process.env["PATH"], [mark.name]: mark.value },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(parent, "exit");
  await once(parent.stdout, "data");
  await expect.poll(() => findMarked(mark).length).toBe(3);
  parent.kill("SIGKILL");
  await exited;
  const orphans = findMarked(mark);
  expect(orphans.map(({ command }) => command).toSorted()).toEqual(["sleep 61", "sleep 62"]);
  await expect(waitGone([orphans[0]!.pid], 20)).rejects.toThrow("still alive after 20 ms");
  await killMarked(mark);
  await waitGone(orphans.map(({ pid }) => pid));
  expect(isAlive(bystander.pid!)).toBe(true);
  bystander.kill("SIGKILL");
  await waitGone([bystander.pid!]);
});

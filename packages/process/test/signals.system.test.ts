import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import readline from "node:readline";

import { afterEach, expect, test } from "vitest";

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});

interface Program {
  child: ChildProcess;
  /** Resolves when a log line has this message. */
  says: (message: string) => Promise<void>;
  ended: Promise<{ code: number | null; signal: string | null; output: string }>;
}

function run(behaviour: string): Program {
  const programs = path.join(import.meta.dirname, "programs");
  const child = spawn(process.execPath, ["--import", "tsx", path.join(programs, "signalled.ts"), behaviour], {
    cwd: programs,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const seen: string[] = [];
  const waiting = new Map<string, () => void>();
  const onLine = (line: string): void => {
    seen.push(line);
    for (const [message, resolve] of waiting) if (line.includes(`"msg":"${message}"`)) resolve();
  };
  readline.createInterface({ input: child.stdout! }).on("line", onLine);
  readline.createInterface({ input: child.stderr! }).on("line", (line) => seen.push(line));
  const ended = once(child, "close").then(([code, signal]) => {
    running.delete(child);
    return { code: code as number | null, signal: signal as string | null, output: seen.join("\n") };
  });
  const says = (message: string): Promise<void> =>
    Promise.race([
      new Promise<void>((resolve) => {
        if (seen.some((line) => line.includes(`"msg":"${message}"`))) resolve();
        else waiting.set(message, resolve);
      }),
      ended.then(({ output }) => {
        throw new Error(`ended without saying ${message}:\n${output}`);
      }),
    ]);
  return { child, says, ended };
}

test.each(["SIGTERM", "SIGINT"] as const)("%s stops and exits 0", async (signal) => {
  const program = run("quick");
  await program.says("ready");
  program.child.kill(signal);
  await expect(program.ended).resolves.toMatchObject({ code: 0, signal: null });
});

test("a second signal forces exit 1", async () => {
  const program = run("slow");
  await program.says("ready");
  program.child.kill("SIGTERM");
  await program.says("stopping");
  program.child.kill("SIGINT");
  const { code, output } = await program.ended;
  expect(code).toBe(1);
  expect(output).toContain('"event":"signal.forced"');
});

test("a stop that fails exits 1 and says why", async () => {
  const program = run("failing");
  await program.says("ready");
  program.child.kill("SIGTERM");
  const { code, output } = await program.ended;
  expect(code).toBe(1);
  expect(output).toContain("the log would not close");
});

test("SIGHUP calls onHangup and the process lives, even when that fails", async () => {
  const program = run("failing");
  await program.says("ready");
  program.child.kill("SIGHUP");
  await program.says("hangup");
  await program.says("SIGHUP was not handled");
  program.child.kill("SIGTERM");
  expect((await program.ended).code).toBe(1);
});

test.each(["crash", "reject", "crash-slow"])(
  "%s: an error nobody caught is logged, stops in order, exits 1",
  async (how) => {
    const { code, output } = await run(how).ended;
    expect(code).toBe(1);
    expect(output).toContain('"event":"process.crashed"');
    expect(output).toContain('"msg":"crash-stop"');
  },
);

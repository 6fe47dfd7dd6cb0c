import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";

import { buildSync } from "esbuild";
import { afterAll, onTestFinished } from "vitest";

export interface Answer {
  ready?: boolean;
  won?: boolean;
  released?: boolean;
  holder?: { pid: number; command: string };
  message?: string;
  error?: string;
}

export interface Contender {
  child: ChildProcess;
  pid: number;
  ask(order: string): Promise<Answer>;
  /** Ends it and resolves when the kernel has let go of everything. */
  kill(): Promise<void>;
}

/** Bundles the program as the apps are bundled: a start takes a fraction of one from source. */
export function bundleContender(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "baa-contender-"));
  afterAll(() => fs.rmSync(directory, { recursive: true }));
  const outfile = path.join(directory, "contender.mjs");
  const entry = path.join(import.meta.dirname, "programs", "contender.ts");
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: "node", format: "esm" });
  return outfile;
}

/** Starts a real process that is ready to contend; it is killed when the test ends. */
export async function startContender(program: string): Promise<Contender> {
  // The SQLite addon is not in the bundle; an app has it beside its own.
  const addons = path.join(import.meta.dirname, "..", "..", "node_modules");
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, NODE_PATH: addons },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);

  const answers = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextAnswer = async (): Promise<Answer> => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`contender ${child.pid} is gone`);
    return JSON.parse(value) as Answer;
  };
  await nextAnswer();
  return {
    child,
    pid: child.pid!,
    kill,
    ask(order) {
      child.stdin.write(`${order}\n`);
      return nextAnswer();
    },
  };
}

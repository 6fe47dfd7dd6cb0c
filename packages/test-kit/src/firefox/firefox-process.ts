import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { killGroup } from "../browser/process-group.ts";
import { RunningBrowsers } from "../browser/running-browsers.ts";
import { Output } from "../codexd/output.ts";
import { hostEnv } from "../config.ts";

const LISTENING = /WebDriver BiDi listening on (ws:\/\/\S+)/;

export interface FirefoxPlan {
  readonly executablePath: string;
  readonly profileDir: string;
  readonly homeDir: string;
  readonly tmpDir: string;
  readonly timeoutMs: number;
}

/** One life of a Firefox without a window, which leads the group of all its processes. */
export class FirefoxProcess {
  readonly #child: ChildProcess;
  readonly #pgid: number;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, pgid: number) {
    this.#child = child;
    this.#pgid = pgid;
    this.#exited = once(child, "exit");
  }

  /** Starts it on its profile and returns where it listens for BiDi. What it writes goes to `output`. */
  static async start(plan: FirefoxPlan, output: Output): Promise<{ process: FirefoxProcess; url: string }> {
    for (const dir of [plan.profileDir, plan.homeDir, plan.tmpDir]) fs.mkdirSync(dir, { recursive: true });
    const listening = output.next((line) => LISTENING.test(line));
    const args = ["--headless", "--no-remote", "--profile", plan.profileDir];
    const child = spawn(
      plan.executablePath,
      // The second: privileged scripts, and pages of extensions.
      [...args, "--remote-debugging-port", "0", "--remote-allow-system-access", "about:blank"],
      {
        env: { ...hostEnv(), HOME: plan.homeDir, TMPDIR: plan.tmpDir },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    if (child.pid === undefined) throw new Error(`cannot start ${plan.executablePath}`);
    output.take(child.stdout, "firefox");
    output.take(child.stderr, "firefox err");
    new RunningBrowsers().note(child.pid, plan.profileDir);
    const process = new FirefoxProcess(child, child.pid);
    try {
      const line = await process.#orEnd(listening.line, plan.timeoutMs, output);
      return { process, url: LISTENING.exec(line)?.[1] ?? "" };
    } catch (error) {
      await process.kill();
      throw error;
    } finally {
      listening.cancel();
    }
  }

  get pid(): number {
    return this.#pgid;
  }

  /** SIGKILLs all its processes at once. */
  async kill(): Promise<void> {
    await killGroup(this.#pgid);
    new RunningBrowsers().forget(this.#pgid);
  }

  /** Waits until it has ended by itself; what stays behind is killed. */
  async waitExit(timeoutMs: number): Promise<void> {
    await Promise.race([this.#exited, sleep(timeoutMs)]);
    await this.kill();
  }

  async #orEnd<T>(promise: Promise<T>, timeoutMs: number, output: Output): Promise<T> {
    const stop = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: stop.signal }).then(() => "it takes too long");
    const ended = this.#exited.then(() => `it ended with ${this.#child.exitCode ?? this.#child.signalCode}`);
    late.catch(() => undefined); // the loser of the race
    try {
      return await Promise.race([
        promise,
        Promise.race([late, ended]).then((why) => {
          throw new Error(`Firefox does not start, ${why}:\n${output.tail()}`);
        }),
      ]);
    } finally {
      stop.abort();
    }
  }
}

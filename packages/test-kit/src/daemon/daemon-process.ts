import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { listeningPort } from "../codexd/listening.ts";
import { Output } from "../codexd/output.ts";
import { plainRequest } from "../ledger/http.ts";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How far a start must have come before it counts: the process exists, it listens, or `/readyz` is 200. */
export type StartedWhen = "spawned" | "listening" | "ready";

export interface SpawnOptions {
  /** For node, the entry included. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** A daemon's process over as many lives as a test wants: its output, its deadlines, how it ends. */
export class DaemonProcess {
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #output = new Output();
  #process: ChildProcess | undefined;
  #exited: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  #lives = 0;

  /** `timeoutMs` is for each stage of a start. */
  constructor(name: string, timeoutMs = 30_000) {
    this.#name = name;
    this.#timeoutMs = timeoutMs;
  }

  /** Pid of the present or last life. */
  get pid(): number {
    return this.#process?.pid ?? -1;
  }

  /** How often it was started. */
  get lives(): number {
    return this.#lives;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Everything it wrote, line by line. */
  output(): string {
    return this.#output.text();
  }

  /** Starts it (again). Resolves with the port that it listens at; undefined when that is not waited for. */
  async start(o: SpawnOptions, until: StartedWhen): Promise<number | undefined> {
    if (this.isRunning) throw new Error(`${this.#name} is running already`);
    const listening = this.#output.next((line) => listeningPort(line) !== undefined);
    const child = spawn(process.execPath, o.args, { cwd: o.cwd, env: o.env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    this.#lives++;
    this.#exited = once(child, "close").then(([code, signal]) => ({ code, signal }) as Exit);
    this.#output.take(child.stdout, `${this.#name} ${this.#lives}`);
    this.#output.take(child.stderr, `${this.#name} ${this.#lives} err`);
    if (until === "spawned") {
      listening.cancel();
      return undefined;
    }
    const line = await this.#inTime(listening.line, "listen").finally(listening.cancel);
    return listeningPort(line) ?? 0;
  }

  /** Waits until `/readyz` at this address is 200. */
  async waitReady(url: string): Promise<void> {
    const stop = new AbortController();
    const poll = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const reply = await plainRequest({ url: `${url}/readyz`, timeoutMs: 2000 }).catch(() => undefined);
        if (reply?.status === 200) return;
        await sleep(20);
      }
    };
    await this.#inTime(poll(), "be ready").finally(() => stop.abort());
  }

  /** The next line of output that is JSON with this `event`. */
  async waitForLog(event: string): Promise<Record<string, unknown>> {
    const next = this.#output.next((line) => line.includes(`"event":"${event}"`));
    const line = await this.#inTime(next.line, `log "${event}"`).finally(next.cancel);
    return JSON.parse(line) as Record<string, unknown>;
  }

  /** Sends a signal; after one that ends a process (all but SIGSTOP, SIGCONT, SIGHUP) waits for its exit. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<Exit | undefined> {
    this.#process?.kill(signal);
    return ["SIGSTOP", "SIGCONT", "SIGHUP"].includes(signal) ? undefined : this.waitExit();
  }

  /** Stops it in order (SIGTERM). Throws when it is not gone in time. */
  async stop(timeoutMs = 20_000): Promise<Exit> {
    if (this.isRunning) this.#process?.kill("SIGTERM");
    return this.waitExit(timeoutMs);
  }

  /** How the present life ends. */
  async waitExit(timeoutMs = 20_000): Promise<Exit> {
    const stop = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: stop.signal }).then(() => {
      throw new Error(`${this.#name} did not end within ${timeoutMs} ms:\n${this.#output.tail()}`);
    });
    return Promise.race([this.#exited, late]).finally(() => {
      stop.abort();
      late.catch(() => undefined); // the loser of the race
    });
  }

  /** Kills what is left of it. */
  async dispose(): Promise<void> {
    if (this.#process === undefined) return;
    this.#process.kill("SIGKILL");
    await this.waitExit();
  }

  /** A promise, the process's end, or the deadline: whichever is first. */
  async #inTime<T>(promise: Promise<T>, what: string): Promise<T> {
    const stop = new AbortController();
    const late = sleep(this.#timeoutMs, undefined, { signal: stop.signal }).then(() => {
      throw new Error(`${this.#name} did not ${what} within ${this.#timeoutMs} ms:\n${this.#output.tail(40)}`);
    });
    const ended = this.#exited.then(({ code, signal }) => {
      const end = `code ${code}, signal ${signal}`;
      throw new Error(`${this.#name} ended (${end}) before it did ${what}:\n${this.#output.tail(40)}`);
    });
    try {
      return await Promise.race([promise, ended, late]);
    } finally {
      stop.abort();
      for (const loser of [late, ended]) loser.catch(() => undefined);
    }
  }
}

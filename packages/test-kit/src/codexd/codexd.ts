import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { plainRequest } from "../ledger/http.ts";
import type { PlainReply, PlainRequest } from "../ledger/http.ts";
import { LedgerClient } from "../ledger/ledger-client.ts";
import type { LedgerOptions } from "../ledger/ledger-client.ts";
import { findMarked, killMarked } from "../processes.ts";
import type { MarkedProcess } from "../processes.ts";
import { tempRoot } from "../temp-root.ts";
import type { TempRoot } from "../temp-root.ts";
import { createCommand, createLayout, findEntry } from "./layout.ts";
import type { CodexdLayout } from "./layout.ts";
import { listeningPort } from "./listening.ts";
import type { CodexdOptions, StartedWhen } from "./options.ts";
import { Output } from "./output.ts";

const Status = z.looseObject({ child: z.looseObject({ pid: z.number().optional() }).optional() });

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One codexd with a runtime root of its own, over as many lives as a test wants. */
export class Codexd {
  readonly root: TempRoot;
  readonly layout: CodexdLayout;
  readonly #o: CodexdOptions;
  readonly #entry: readonly string[];
  readonly #output = new Output();
  readonly #ledgers: LedgerClient[] = [];
  #port: number;
  #process: ChildProcess | undefined;
  #exited: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  #lives = 0;

  constructor(o: CodexdOptions) {
    this.#o = o;
    this.#entry = findEntry(o.built);
    this.#port = o.port ?? 0;
    this.root = tempRoot({ prefix: "baa-codexd-" });
    this.layout = createLayout(this.root, o);
  }

  /** Base address, without a slash at the end. Known once it listens. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
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

  /** Its own token, read from the state directory. */
  token(): string {
    return fs.readFileSync(path.join(this.layout.stateDir, "token"), "utf8").trim();
  }

  /** Starts it (again), on the port it had before. Throws with its last output when it ends first or takes too long. */
  async start(o: { until?: StartedWhen; env?: CodexdOptions["env"] } = {}): Promise<void> {
    if (this.isRunning) throw new Error("codexd is running already");
    const until = o.until ?? this.#o.until ?? "ready";
    const options = { ...this.#o, env: { ...this.#o.env, ...o.env }, port: this.#port, entry: this.#entry };
    const { args, env } = createCommand(this.root, this.layout, options);
    const listening = this.#output.next((line) => listeningPort(line) !== undefined);
    const child = spawn(process.execPath, args, { cwd: this.layout.home, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    this.#lives++;
    this.#exited = once(child, "close").then(([code, signal]) => ({ code, signal }) as Exit);
    this.#output.take(child.stdout, `codexd ${this.#lives}`);
    this.#output.take(child.stderr, `codexd ${this.#lives} err`);
    if (until === "spawned") return listening.cancel();
    const line = await this.#inTime(listening.line, "listen").finally(listening.cancel);
    this.#port = listeningPort(line) ?? 0;
    if (until === "ready") await this.waitReady();
  }

  /** Waits until `/readyz` is 200. */
  async waitReady(): Promise<void> {
    const stop = new AbortController();
    await this.#inTime(this.#pollReady(stop.signal), "be ready").finally(() => stop.abort());
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

  /** Ends it by a signal (default SIGTERM) and starts it again. */
  async restart(o: { signal?: NodeJS.Signals; until?: StartedWhen; env?: CodexdOptions["env"] } = {}): Promise<void> {
    if (this.isRunning) await this.kill(o.signal ?? "SIGTERM");
    await this.start(o);
  }

  /** How the present life ends. */
  async waitExit(timeoutMs = 20_000): Promise<Exit> {
    const stop = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: stop.signal }).then(() => {
      throw new Error(`codexd did not end within ${timeoutMs} ms:\n${this.#output.tail()}`);
    });
    return Promise.race([this.#exited, late]).finally(() => {
      stop.abort();
      late.catch(() => undefined); // the loser of the race
    });
  }

  /** One request with the token; `path` begins with a slash. */
  request(method: string, path: string, body?: unknown, o: Partial<PlainRequest> = {}): Promise<PlainReply> {
    const withBody = body === undefined ? {} : { body };
    return plainRequest({ method, url: `${this.url}${path}`, token: this.token(), ...withBody, ...o });
  }

  /** Pid of the app-server as `GET /v1/codexd/status` tells it. */
  async childPid(): Promise<number> {
    const reply = await this.request("GET", "/v1/codexd/status");
    const pid = Status.parse(reply.json).child?.pid;
    if (pid === undefined) throw new Error(`no child in the status: ${reply.text}`);
    return pid;
  }

  /** A ledger client that writes into the runtime root and follows restarts. Stopped by `dispose()`. */
  ledger(o: Partial<LedgerOptions> = {}): LedgerClient {
    const file = this.root.join(`ledger-${this.#ledgers.length}.jsonl`);
    const client = new LedgerClient({ url: () => this.url, token: () => this.token(), file, ...o });
    this.#ledgers.push(client);
    return client;
  }

  /** A directory that sessions may use as their cwd. */
  workDir(name: string): string {
    return this.root.dir("home", "work", name);
  }

  /** Every live process of this daemon: itself, its child, commands, orphans; told by their scratch HOME. */
  processes(): MarkedProcess[] {
    return findMarked({ name: "HOME", value: this.layout.home });
  }

  /** Kills everything that is left and removes the runtime root. */
  async dispose(): Promise<void> {
    await Promise.all(this.#ledgers.map((ledger) => ledger.stop()));
    this.#process?.kill("SIGKILL");
    await killMarked({ name: "HOME", value: this.layout.home });
    if (this.#process !== undefined) await this.waitExit();
    this.root.remove();
  }

  async #pollReady(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const reply = await plainRequest({ url: `${this.url}/readyz`, timeoutMs: 2000 }).catch(() => undefined);
      if (reply?.status === 200) return;
      await sleep(20);
    }
  }

  /** A promise, the process's end, or the deadline: whichever is first. */
  async #inTime<T>(promise: Promise<T>, what: string): Promise<T> {
    const timeoutMs = this.#o.timeoutMs ?? 30_000;
    const stop = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: stop.signal }).then(() => {
      throw new Error(`codexd did not ${what} within ${timeoutMs} ms:\n${this.#output.tail(40)}`);
    });
    const ended = this.#exited.then(({ code, signal }) => {
      throw new Error(`codexd ended (code ${code}, signal ${signal}) before it did ${what}:\n${this.#output.tail(40)}`);
    });
    try {
      return await Promise.race([promise, ended, late]);
    } finally {
      stop.abort();
      for (const loser of [late, ended]) loser.catch(() => undefined);
    }
  }
}

/** Starts a codexd with a scratch runtime root. */
export async function startCodexd(o: CodexdOptions = {}): Promise<Codexd> {
  const codexd = new Codexd(o);
  o.test?.onTestFailed(() => void process.stderr.write(`--- output of codexd ---\n${codexd.output()}\n---\n`));
  o.test?.onTestFinished(() => codexd.dispose());
  try {
    await codexd.start();
  } catch (error) {
    if (o.test === undefined) await codexd.dispose();
    throw error;
  }
  return codexd;
}

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import * as z from "zod";
import { DaemonProcess, type Exit, type StartedWhen } from "../daemon/daemon-process.ts";
import { findEntry } from "../daemon/entry.ts";
import { type CliResult, resultOf } from "../daemon/run-to-end.ts";
import { plainRequest } from "../ledger/http.ts";
import type { PlainReply, PlainRequest } from "../ledger/http.ts";
import { LedgerClient } from "../ledger/ledger-client.ts";
import type { LedgerOptions } from "../ledger/ledger-client.ts";
import { findMarked, killMarked } from "../processes.ts";
import type { MarkedProcess } from "../processes.ts";
import { tempRoot } from "../temp-root.ts";
import type { TempRoot } from "../temp-root.ts";
import { createCommand, createLayout } from "./layout.ts";
import type { CodexdLayout } from "./layout.ts";
import type { CodexdOptions } from "./options.ts";

const Status = z.looseObject({ child: z.looseObject({ pid: z.number().optional() }).optional() });

/** One codexd with a runtime root of its own, over as many lives as a test wants. */
export class Codexd {
  readonly root: TempRoot;
  readonly layout: CodexdLayout;
  readonly #o: CodexdOptions;
  readonly #entry: readonly string[];
  readonly #process: DaemonProcess;
  readonly #ledgers: LedgerClient[] = [];
  #port: number;

  constructor(o: CodexdOptions) {
    this.#o = o;
    this.#entry = findEntry("codexd", o.built);
    this.#process = new DaemonProcess("codexd", o.timeoutMs);
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
    return this.#process.pid;
  }

  /** How often it was started. */
  get lives(): number {
    return this.#process.lives;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  /** Everything it wrote, line by line. */
  output(): string {
    return this.#process.output();
  }

  /** Its own token, read from the state directory. */
  token(): string {
    return fs.readFileSync(path.join(this.layout.stateDir, "token"), "utf8").trim();
  }

  /** Starts it (again), on the port it had before. Throws with its last output when it ends first or takes too long. */
  async start(o: { until?: StartedWhen; env?: CodexdOptions["env"] } = {}): Promise<void> {
    const until = o.until ?? this.#o.until ?? "ready";
    const options = { ...this.#o, env: { ...this.#o.env, ...o.env }, port: this.#port, entry: this.#entry };
    const command = createCommand(this.root, this.layout, options);
    const port = await this.#process.start({ ...command, cwd: this.layout.home }, until);
    this.#port = port ?? this.#port;
    if (until === "ready") await this.waitReady();
  }

  /** Waits until `/readyz` is 200. */
  waitReady(): Promise<void> {
    return this.#process.waitReady(this.url);
  }

  /** The next line of output that is JSON with this `event`. */
  waitForLog(event: string): Promise<Record<string, unknown>> {
    return this.#process.waitForLog(event);
  }

  /** Sends a signal; after one that ends a process (all but SIGSTOP, SIGCONT, SIGHUP) waits for its exit. */
  kill(signal: NodeJS.Signals = "SIGKILL"): Promise<Exit | undefined> {
    return this.#process.kill(signal);
  }

  /** Stops it in order (SIGTERM). Throws when it is not gone in time. */
  stop(timeoutMs = 20_000): Promise<Exit> {
    return this.#process.stop(timeoutMs);
  }

  /** Ends it by a signal (default SIGTERM) and starts it again. */
  async restart(o: { signal?: NodeJS.Signals; until?: StartedWhen; env?: CodexdOptions["env"] } = {}): Promise<void> {
    if (this.isRunning) await this.kill(o.signal ?? "SIGTERM");
    await this.start(o);
  }

  /** How the present life ends. */
  waitExit(timeoutMs = 20_000): Promise<Exit> {
    return this.#process.waitExit(timeoutMs);
  }

  /** One request with the token; `path` begins with a slash. */
  request(method: string, path: string, body?: unknown, o: Partial<PlainRequest> = {}): Promise<PlainReply> {
    const withBody = body === undefined ? {} : { body };
    return plainRequest({ method, url: `${this.url}${path}`, token: this.token(), ...withBody, ...o });
  }

  /** Starts another command of codexd's on this runtime root, whether the daemon runs or not. Ended by `dispose()`. */
  spawnCli(words: readonly string[], o: { env?: CodexdOptions["env"] } = {}): ChildProcess {
    const { failpoints: _points, switchableFailpoints: _switch, trace: _trace, ...plain } = this.#o;
    const options = { ...plain, env: { ...this.#o.env, ...o.env }, port: this.#port, entry: this.#entry, words };
    const { args, env } = createCommand(this.root, this.layout, options);
    return spawn(process.execPath, args, { cwd: this.layout.home, env, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Runs such a command to its end. */
  cli(words: readonly string[], o: { env?: CodexdOptions["env"] } = {}): Promise<CliResult> {
    return resultOf(this.spawnCli(words, o));
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
    await Promise.all([killMarked({ name: "HOME", value: this.layout.home }), this.#process.dispose()]);
    this.root.remove();
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

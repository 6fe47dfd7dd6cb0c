import fs from "node:fs";
import path from "node:path";
import type { Codexd } from "../codexd/codexd.ts";
import { hostEnv } from "../config.ts";
import { DaemonProcess, type Exit, type StartedWhen } from "../daemon/daemon-process.ts";
import { findEntry } from "../daemon/entry.ts";
import { type CliResult, runToEnd } from "../daemon/run-to-end.ts";
import { plainRequest } from "../ledger/http.ts";
import type { PlainReply, PlainRequest } from "../ledger/http.ts";
import { LedgerClient } from "../ledger/ledger-client.ts";
import type { LedgerOptions } from "../ledger/ledger-client.ts";
import type { TestHooks } from "../test-hooks.ts";

export interface ConductorOptions {
  /** Whose runtime root and HOME it shares, and whose address it is told. Running or not. */
  readonly codexd: Codexd;
  /** Whose end disposes of it, and whose failure prints the output. Without it call `dispose()`. */
  readonly test?: TestHooks;
  /** As for codexd. */
  readonly built?: boolean;
  /** Default `primary`. */
  readonly role?: string;
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Added to the daemon's environment, or taken away by `undefined`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** 0 (default) = any free port, kept over restarts. */
  readonly port?: number;
  /** Host of `BAA_CONDUCTOR_LOCAL_API`; default 127.0.0.1. */
  readonly host?: string;
  /** Default `ready`. */
  readonly until?: StartedWhen;
  /** For each stage of a start; default 30,000. */
  readonly timeoutMs?: number;
}

/** One conductor before a codexd, over as many lives as a test wants. */
export class Conductor {
  readonly #o: ConductorOptions;
  readonly #entry: readonly string[];
  readonly #process: DaemonProcess;
  readonly #ledgers: LedgerClient[] = [];
  readonly #configDir: string;
  #port: number;

  constructor(o: ConductorOptions) {
    this.#o = o;
    this.#entry = findEntry("conductor-daemon", o.built);
    this.#process = new DaemonProcess("conductor", o.timeoutMs);
    this.#port = o.port ?? 0;
    this.#configDir = path.join(o.codexd.layout.home, ".config", "baa-conductor");
  }

  /** Base address on loopback, without a slash at the end. Known once it listens. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  /** `state/conductor` of the runtime root. */
  get stateDir(): string {
    return this.#o.codexd.root.join("runtime", "state", "conductor");
  }

  /** HOME of the daemon, shared with codexd. */
  get home(): string {
    return this.#o.codexd.layout.home;
  }

  output(): string {
    return this.#process.output();
  }

  /** The shared token, which it makes when it is missing. */
  token(): string {
    return fs.readFileSync(path.join(this.#configDir, "shared-token.txt"), "utf8").trim();
  }

  /** Writes `tokens.json`. */
  writeTokens(tokens: readonly unknown[]): void {
    fs.mkdirSync(this.#configDir, { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ format: 1, minReader: 1, tokens });
    fs.writeFileSync(path.join(this.#configDir, "tokens.json"), text, { mode: 0o600 });
  }

  /** Writes `hooks.json`. */
  writeHooks(hooks: readonly unknown[]): void {
    fs.mkdirSync(this.#configDir, { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(this.#configDir, "hooks.json"), JSON.stringify({ hooks }), { mode: 0o600 });
  }

  /** Starts it (again), on the port it had before. Throws with its last output when it ends first or takes too long. */
  async start(o: { until?: StartedWhen; env?: ConductorOptions["env"] } = {}): Promise<void> {
    const until = o.until ?? this.#o.until ?? "ready";
    const { home } = this;
    const args = [...(this.#o.nodeArgs ?? []), ...this.#entry, "--host", "test", "--role", this.#o.role ?? "primary"];
    const port = await this.#process.start({ args, env: this.env(o.env), cwd: home }, until);
    this.#port = port ?? this.#port;
    if (until === "ready") await this.waitReady();
  }

  waitReady(): Promise<void> {
    return this.#process.waitReady(this.url);
  }

  waitForLog(event: string): Promise<Record<string, unknown>> {
    return this.#process.waitForLog(event);
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): Promise<Exit | undefined> {
    return this.#process.kill(signal);
  }

  stop(timeoutMs = 20_000): Promise<Exit> {
    return this.#process.stop(timeoutMs);
  }

  waitExit(timeoutMs = 20_000): Promise<Exit> {
    return this.#process.waitExit(timeoutMs);
  }

  /** Ends it by a signal (default SIGTERM) and starts it again. */
  async restart(
    o: { signal?: NodeJS.Signals; until?: StartedWhen; env?: ConductorOptions["env"] } = {},
  ): Promise<void> {
    if (this.isRunning) await this.kill(o.signal ?? "SIGTERM");
    await this.start(o);
  }

  /** One request with the shared token; `path` begins with a slash. */
  request(method: string, path: string, body?: unknown, o: Partial<PlainRequest> = {}): Promise<PlainReply> {
    const withBody = body === undefined ? {} : { body };
    return plainRequest({ method, url: `${this.url}${path}`, token: this.token(), ...withBody, ...o });
  }

  /** Runs it with these arguments to its end, beside the one that may be running. */
  run(words: readonly string[], o: { env?: ConductorOptions["env"] } = {}): Promise<CliResult> {
    return runToEnd([...this.#entry, ...words], { cwd: this.home, env: this.env(o.env) });
  }

  /** A ledger client that talks to codexd through this conductor. Stopped by `dispose()`. */
  ledger(o: Partial<LedgerOptions> = {}): LedgerClient {
    const file = this.#o.codexd.root.join(`ledger-conductor-${this.#ledgers.length}.jsonl`);
    const eventsPath = "/v1/codex/events";
    const client = new LedgerClient({ url: () => this.url, token: () => this.token(), file, eventsPath, ...o });
    this.#ledgers.push(client);
    return client;
  }

  /** Ends it. The runtime root is codexd's. */
  async dispose(): Promise<void> {
    await Promise.all(this.#ledgers.map((ledger) => ledger.stop()));
    await this.#process.dispose();
  }

  /** The environment that it is started with. */
  env(more: ConductorOptions["env"] = {}): Record<string, string> {
    const { codexd, host = "127.0.0.1" } = this.#o;
    const runtime = (name: string): string => codexd.root.join("runtime", name);
    const env: Record<string, string | undefined> = {
      ...hostEnv(),
      HOME: codexd.layout.home,
      BAA_RUNS_DIR: runtime("runs"),
      BAA_WORKTREES_DIR: runtime("worktrees"),
      BAA_LOGS_DIR: runtime("logs"),
      BAA_TMP_DIR: runtime("tmp"),
      BAA_STATE_DIR: runtime("state"),
      BAA_CONDUCTOR_LOCAL_API: `http://${host}:${this.#port}`,
      BAA_CODEXD_LOCAL_API_BASE: codexd.url,
      ...this.#o.env,
      ...more,
    };
    return Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  }
}

/** Starts a conductor before a codexd. */
export async function startConductor(o: ConductorOptions): Promise<Conductor> {
  const conductor = new Conductor(o);
  o.test?.onTestFailed(() => void process.stderr.write(`--- output of conductor ---\n${conductor.output()}\n---\n`));
  o.test?.onTestFinished(() => conductor.dispose());
  try {
    await conductor.start();
  } catch (error) {
    if (o.test === undefined) await conductor.dispose();
    throw error;
  }
  return conductor;
}

import fs from "node:fs";
import path from "node:path";
import type { Codexd } from "../codexd/codexd.ts";
import { definedVariables, hostEnv } from "../config.ts";
import { Daemon, type DaemonOptions, startDaemon } from "../daemon/daemon.ts";
import type { SpawnOptions } from "../daemon/daemon-process.ts";
import { type CliResult, runToEnd } from "../daemon/run-to-end.ts";
import { plainRequest } from "../ledger/http.ts";
import type { PlainReply, PlainRequest } from "../ledger/http.ts";
import { LedgerClient } from "../ledger/ledger-client.ts";
import type { LedgerOptions } from "../ledger/ledger-client.ts";

export interface ConductorOptions extends DaemonOptions {
  /** Whose runtime root and HOME it shares, and whose address it is told. Running or not. */
  readonly codexd: Codexd;
  /** Default `primary`. */
  readonly role?: string;
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** Host of `BAA_CONDUCTOR_LOCAL_API`; default 127.0.0.1. */
  readonly host?: string;
}

/** One conductor before a codexd, over as many lives as a test wants. */
export class Conductor extends Daemon {
  readonly #o: ConductorOptions;
  readonly #ledgers: LedgerClient[] = [];
  readonly #configDir: string;

  constructor(o: ConductorOptions) {
    super({ name: "conductor", app: "conductor-daemon" }, o);
    this.#o = o;
    this.#configDir = path.join(o.codexd.layout.home, ".config", "baa-conductor");
  }

  /** `state/conductor` of the runtime root. */
  get stateDir(): string {
    return this.#o.codexd.root.join("runtime", "state", "conductor");
  }

  /** HOME of the daemon, shared with codexd. */
  get home(): string {
    return this.#o.codexd.layout.home;
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

  /** One request with the shared token; `path` begins with a slash. */
  request(method: string, path: string, body?: unknown, o: Partial<PlainRequest> = {}): Promise<PlainReply> {
    const withBody = body === undefined ? {} : { body };
    return plainRequest({ method, url: `${this.url}${path}`, token: this.token(), ...withBody, ...o });
  }

  /** Runs it with these arguments to its end, beside the one that may be running. */
  run(words: readonly string[], o: { env?: ConductorOptions["env"] } = {}): Promise<CliResult> {
    return runToEnd([...this.entry, ...words], { cwd: this.home, env: this.env(o.env) });
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
  override async dispose(): Promise<void> {
    await Promise.all(this.#ledgers.map((ledger) => ledger.stop()));
    await super.dispose();
  }

  /** The environment that it is started with. */
  env(more: ConductorOptions["env"] = {}): Record<string, string> {
    const { codexd, host = "127.0.0.1" } = this.#o;
    const runtime = (name: string): string => codexd.root.join("runtime", name);
    return definedVariables({
      ...hostEnv(),
      HOME: codexd.layout.home,
      BAA_RUNS_DIR: runtime("runs"),
      BAA_WORKTREES_DIR: runtime("worktrees"),
      BAA_LOGS_DIR: runtime("logs"),
      BAA_TMP_DIR: runtime("tmp"),
      BAA_STATE_DIR: runtime("state"),
      BAA_CONDUCTOR_LOCAL_API: `http://${host}:${this.port}`,
      BAA_CODEXD_LOCAL_API_BASE: codexd.url,
      ...this.#o.env,
      ...more,
    });
  }

  protected command(env: ConductorOptions["env"]): SpawnOptions {
    const { nodeArgs = [], role = "primary" } = this.#o;
    const args = [...nodeArgs, ...this.entry, "--host", "test", "--role", role];
    return { args, env: this.env(env), cwd: this.home };
  }
}

/** Starts a conductor before a codexd. */
export async function startConductor(o: ConductorOptions): Promise<Conductor> {
  return startDaemon(new Conductor(o), o.test);
}

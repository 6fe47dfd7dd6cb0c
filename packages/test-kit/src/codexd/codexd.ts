import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import * as z from "zod";
import { Daemon, startDaemon } from "../daemon/daemon.ts";
import type { SpawnOptions } from "../daemon/daemon-process.ts";
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
export class Codexd extends Daemon {
  readonly root: TempRoot;
  readonly layout: CodexdLayout;
  readonly #o: CodexdOptions;
  readonly #ledgers: LedgerClient[] = [];

  constructor(o: CodexdOptions) {
    super({ name: "codexd" }, o);
    this.#o = o;
    this.root = tempRoot({ prefix: "baa-codexd-" });
    this.layout = createLayout(this.root, o);
  }

  /** Its own token, read from the state directory. */
  token(): string {
    return fs.readFileSync(path.join(this.layout.stateDir, "token"), "utf8").trim();
  }

  /** One request with the token; `path` begins with a slash. */
  request(method: string, path: string, body?: unknown, o: Partial<PlainRequest> = {}): Promise<PlainReply> {
    const withBody = body === undefined ? {} : { body };
    return plainRequest({ method, url: `${this.url}${path}`, token: this.token(), ...withBody, ...o });
  }

  /** Starts another command of codexd's on this runtime root, whether the daemon runs or not. Ended by `dispose()`. */
  spawnCli(words: readonly string[], o: { env?: CodexdOptions["env"] } = {}): ChildProcess {
    const { failpoints: _points, switchableFailpoints: _switch, trace: _trace, ...plain } = this.#o;
    const options = { ...plain, env: { ...this.#o.env, ...o.env }, port: this.port, entry: this.entry, words };
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
  override async dispose(): Promise<void> {
    await Promise.all(this.#ledgers.map((ledger) => ledger.stop()));
    await Promise.all([killMarked({ name: "HOME", value: this.layout.home }), super.dispose()]);
    this.root.remove();
  }

  protected command(env: CodexdOptions["env"]): SpawnOptions {
    const options = { ...this.#o, env: { ...this.#o.env, ...env }, port: this.port, entry: this.entry };
    return { ...createCommand(this.root, this.layout, options), cwd: this.layout.home };
  }
}

/** Starts a codexd with a scratch runtime root. */
export async function startCodexd(o: CodexdOptions = {}): Promise<Codexd> {
  return startDaemon(new Codexd(o), o.test);
}

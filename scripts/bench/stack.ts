import fs from "node:fs";
import path from "node:path";
import { type CodexdClient, createClient } from "../../packages/client/src/index.ts";
import { createCodexHome, findNativeCodex, startCodexd, tempRoot } from "../../packages/test-kit/src/index.ts";
import type { Codexd, TempRoot } from "../../packages/test-kit/src/index.ts";
import type { ReaderResult } from "./arrivals.ts";
import type { BareRequest } from "./bare-process.ts";
import { type Load, writePrompt } from "./load.ts";
import type { SubscriberRequest } from "./subscriber-process.ts";
import { Worker } from "./worker.ts";

/** What codexd itself says of its use of the machine. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly headSeq: number;
}

export interface CodexdRound {
  readonly readers: ReaderResult[];
  readonly before: Usage;
  readonly after: Usage;
}

const CHECKPOINT_WATCH_MS = 10;

/** One provider, a bare app-server and a codexd with an app-server of its own, each side in its own processes. */
export class Stack {
  readonly #root: TempRoot;
  readonly #provider: Worker;
  readonly #bare: Worker;
  readonly #subscribers: Worker;
  readonly #codexd: Codexd;
  /** A caller as the product has it, with connections that stay open. */
  readonly client: CodexdClient;
  readonly #checkpointWatch: NodeJS.Timeout;
  #checkpointInode = 0;
  #checkpointWrites = 0;

  private constructor(o: { root: TempRoot; provider: Worker; bare: Worker; subscribers: Worker; codexd: Codexd }) {
    this.#root = o.root;
    this.#provider = o.provider;
    this.#bare = o.bare;
    this.#subscribers = o.subscribers;
    this.#codexd = o.codexd;
    this.client = createClient({ baseUrl: o.codexd.url, token: () => o.codexd.token() });
    this.#checkpointWatch = setInterval(() => this.#watchCheckpoint(), CHECKPOINT_WATCH_MS);
  }

  /**
   * Starts everything; when a part does not come up, the others are stopped again. `log` writes the log that codexd
   * begins with into a directory.
   */
  static async start(o: { profileDir: string | undefined; log?: (logsDir: string) => Promise<void> }): Promise<Stack> {
    const root = tempRoot({ prefix: "baa-bench-" });
    const provider = Worker.start("provider-process");
    const bare = Worker.start("bare-process");
    const subscribers = Worker.start("subscriber-process");
    try {
      const { url } = await provider.call<{ url: string }>({ kind: "start" });
      await bare.call(bareStart(root, url));
      const profile = o.profileDir === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", path.resolve(o.profileDir)];
      const codexd = await startCodexd({ built: true, provider: { url }, nodeArgs: profile, timeoutMs: 120_000 });
      if (o.log !== undefined) await replaceLog(codexd, o.log);
      return new Stack({ root, provider, bare, subscribers, codexd });
    } catch (error) {
      for (const worker of [subscribers, bare, provider]) await worker.stop();
      root.remove();
      throw error;
    }
  }

  /** Runs one turn on the bare app-server. */
  bareTurn(load: Load): Promise<ReaderResult> {
    return this.#bare.call<ReaderResult>({ kind: "turn", prompt: writePrompt(load) } satisfies BareRequest);
  }

  /** Runs one turn through codexd with so many subscribers over WebSocket. */
  async codexdTurn(load: Load, subscribers: number): Promise<CodexdRound> {
    const codexd = this.#codexd;
    const url = `${codexd.url}/v1/codexd/events`;
    const open: SubscriberRequest = { kind: "open", url, token: codexd.token(), count: subscribers };
    await this.#subscribers.call(open);
    const session = await created<{ session: { id: string } }>(codexd, "/v1/codexd/sessions", { title: "bench" });
    const before = await this.usage();
    await created(codexd, `/v1/codexd/sessions/${session.session.id}/turns`, { input: writePrompt(load) });
    const readers = await this.#subscribers.call<ReaderResult[]>({ kind: "results" } satisfies SubscriberRequest);
    return { readers, before, after: await this.usage() };
  }

  async usage(): Promise<Usage> {
    const { text } = await this.#codexd.request("GET", "/v1/codexd/metrics");
    const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)?.[1]);
    return {
      cpuSeconds: value("process_cpu_seconds_total"),
      rssBytes: value("process_resident_memory_bytes"),
      headSeq: value("codexd_log_head_seq"),
    };
  }

  /** Of codexd, for a client of its own. */
  address(): { baseUrl: string; token: string } {
    return { baseUrl: this.#codexd.url, token: this.#codexd.token() };
  }

  /** How often the checkpoint of the sessions was seen to be another file; asked for every few milliseconds. */
  checkpointWrites(): number {
    return this.#checkpointWrites;
  }

  #watchCheckpoint(): void {
    const file = path.join(this.#codexd.layout.stateDir, "session-registry.json");
    const inode = fs.statSync(file, { throwIfNoEntry: false })?.ino ?? 0;
    if (inode !== this.#checkpointInode) this.#checkpointWrites += 1;
    this.#checkpointInode = inode;
  }

  async stop(): Promise<void> {
    clearInterval(this.#checkpointWatch);
    await this.client.close();
    if (this.#codexd.isRunning) await this.#codexd.stop();
    await this.#codexd.dispose();
    for (const worker of [this.#subscribers, this.#bare, this.#provider]) await worker.stop();
    this.#root.remove();
  }
}

/** Takes away what codexd has stored and gives it another log. */
export async function replaceLog(codexd: Codexd, write: (logsDir: string) => Promise<void>): Promise<void> {
  await codexd.stop();
  const { stateDir, logsDir } = codexd.layout;
  for (const name of fs.readdirSync(stateDir)) {
    if (name.includes("registry.json")) fs.rmSync(path.join(stateDir, name));
  }
  await write(logsDir);
  await codexd.start();
}

/** The bare side gets the same binary, arguments and configuration as codexd's child. */
function bareStart(root: TempRoot, providerUrl: string): BareRequest {
  const command = findNativeCodex();
  if (command === undefined) throw new Error("the pinned codex is not installed for this platform");
  const cwd = root.dir("bare");
  const home = createCodexHome({ dir: path.join(cwd, ".codex"), providerUrl });
  const disabled = ["shell_snapshot", "plugins", "unbounded_connection_retries"];
  const args = ["app-server", ...disabled.flatMap((feature) => ["--disable", feature])];
  const env = { PATH: process.env["PATH"] ?? "", HOME: cwd, CODEX_HOME: home, LOG_FORMAT: "json" };
  return { kind: "start", command, args, cwd, env };
}

async function created<T>(codexd: Codexd, path: string, body: unknown): Promise<T> {
  const reply = await codexd.request("POST", path, body);
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${reply.text}`);
  return reply.json as T;
}

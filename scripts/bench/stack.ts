import path from "node:path";
import {
  createCodexHome,
  findNativeCodex,
  plainRequest,
  startCodexd,
  tempRoot,
} from "../../packages/test-kit/src/index.ts";
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

/** One provider, a bare app-server and a codexd with an app-server of its own, each side in its own processes. */
export class Stack {
  readonly #root: TempRoot;
  readonly #provider: Worker;
  readonly #bare: Worker;
  readonly #subscribers: Worker;
  readonly #codexd: Codexd;

  private constructor(o: { root: TempRoot; provider: Worker; bare: Worker; subscribers: Worker; codexd: Codexd }) {
    this.#root = o.root;
    this.#provider = o.provider;
    this.#bare = o.bare;
    this.#subscribers = o.subscribers;
    this.#codexd = o.codexd;
  }

  /** Starts everything; when a part does not come up, the others are stopped again. */
  static async start(o: { profileDir: string | undefined }): Promise<Stack> {
    const root = tempRoot({ prefix: "baa-bench-" });
    const provider = Worker.start("provider-process");
    const bare = Worker.start("bare-process");
    const subscribers = Worker.start("subscriber-process");
    try {
      const { url } = await provider.call<{ url: string }>({ kind: "start" });
      await bare.call(bareStart(root, url));
      const profile = o.profileDir === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", path.resolve(o.profileDir)];
      const codexd = await startCodexd({ built: true, provider: { url }, nodeArgs: profile });
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

  /** Milliseconds from the start of the process to its first answer on /healthz, after a stop in order. */
  async restart(): Promise<number> {
    await this.#codexd.stop();
    const startedMs = performance.now();
    await this.#codexd.start({ until: "spawned" });
    while (!(await isHealthy(this.#codexd.url))) await new Promise((resolve) => setTimeout(resolve, 2));
    const tookMs = performance.now() - startedMs;
    await this.#codexd.waitReady();
    return tookMs;
  }

  async stop(): Promise<void> {
    if (this.#codexd.isRunning) await this.#codexd.stop();
    await this.#codexd.dispose();
    for (const worker of [this.#subscribers, this.#bare, this.#provider]) await worker.stop();
    this.#root.remove();
  }
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

async function isHealthy(url: string): Promise<boolean> {
  const reply = await plainRequest({ url: `${url}/healthz`, timeoutMs: 1000 }).catch(() => undefined);
  return reply?.status === 200;
}

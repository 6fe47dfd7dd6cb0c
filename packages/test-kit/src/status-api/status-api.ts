import type { Conductor } from "../conductor/conductor.ts";
import { DaemonProcess, type Exit, type StartedWhen } from "../daemon/daemon-process.ts";
import { findEntry } from "../daemon/entry.ts";
import { type CliResult, runToEnd } from "../daemon/run-to-end.ts";
import { plainRequest } from "../ledger/http.ts";
import type { PlainReply, PlainRequest } from "../ledger/http.ts";
import type { TestHooks } from "../test-hooks.ts";

export interface StatusApiOptions {
  /** Whose runtime root and HOME it shares, and whose address it is told. Running or not. */
  readonly conductor: Conductor;
  /** Whose end disposes of it, and whose failure prints the output. Without it call `dispose()`. */
  readonly test?: TestHooks;
  /** As for codexd. */
  readonly built?: boolean;
  /** Added to the daemon's environment, or taken away by `undefined`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** 0 (default) = any free port, kept over restarts. */
  readonly port?: number;
  /** `BAA_STATUS_API_HOST`; default 127.0.0.1. */
  readonly host?: string;
  /** Default `ready`, which needs a conductor that leads. */
  readonly until?: StartedWhen;
  /** For each stage of a start; default 30,000. */
  readonly timeoutMs?: number;
}

/** One status-api before a conductor, over as many lives as a test wants. */
export class StatusApi {
  readonly #o: StatusApiOptions;
  readonly #entry: readonly string[];
  readonly #process: DaemonProcess;
  #port: number;

  constructor(o: StatusApiOptions) {
    this.#o = o;
    this.#entry = findEntry("status-api", o.built);
    this.#process = new DaemonProcess("status-api", o.timeoutMs);
    this.#port = o.port ?? 0;
  }

  /** Base address on loopback, without a slash at the end. Known once it listens. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** HOME of the daemon, shared with codexd and conductor. */
  get home(): string {
    return this.#o.conductor.home;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  output(): string {
    return this.#process.output();
  }

  /** The shared token, which conductor makes. */
  token(): string {
    return this.#o.conductor.token();
  }

  /** Starts it (again), on the port it had before. Throws with its last output when it ends first or takes too long. */
  async start(o: { until?: StartedWhen; env?: StatusApiOptions["env"] } = {}): Promise<void> {
    const until = o.until ?? this.#o.until ?? "ready";
    const { home } = this.#o.conductor;
    const port = await this.#process.start({ args: this.#entry, env: this.#env(o.env), cwd: home }, until);
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

  /** One request with the shared token; `path` begins with a slash. */
  request(path: string, o: Partial<PlainRequest> = {}): Promise<PlainReply> {
    return plainRequest({ method: "GET", url: `${this.url}${path}`, token: this.token(), ...o });
  }

  /** Runs it with these arguments to its end, beside the one that may be running. */
  run(words: readonly string[], o: { env?: StatusApiOptions["env"] } = {}): Promise<CliResult> {
    return runToEnd([...this.#entry, ...words], { cwd: this.#o.conductor.home, env: this.#env(o.env) });
  }

  /** Ends it. The runtime root is codexd's. */
  async dispose(): Promise<void> {
    await this.#process.dispose();
  }

  #env(more: StatusApiOptions["env"]): Record<string, string> {
    const { conductor, host = "127.0.0.1" } = this.#o;
    const { BAA_CONDUCTOR_LOCAL_API: _own, ...shared } = conductor.env();
    const env: Record<string, string | undefined> = {
      ...shared,
      BAA_CONDUCTOR_LOCAL_API: conductor.url,
      BAA_STATUS_API_HOST: host,
      BAA_STATUS_API_PORT: String(this.#port),
      ...this.#o.env,
      ...more,
    };
    return Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  }
}

/** Starts a status-api before a conductor. */
export async function startStatusApi(o: StatusApiOptions): Promise<StatusApi> {
  const statusApi = new StatusApi(o);
  o.test?.onTestFailed(() => void process.stderr.write(`--- output of status-api ---\n${statusApi.output()}\n---\n`));
  o.test?.onTestFinished(() => statusApi.dispose());
  try {
    await statusApi.start();
  } catch (error) {
    if (o.test === undefined) await statusApi.dispose();
    throw error;
  }
  return statusApi;
}

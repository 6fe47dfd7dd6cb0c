import type { TestHooks } from "../test-hooks.ts";
import { DaemonProcess, type Exit, type SpawnOptions, type StartedWhen } from "./daemon-process.ts";
import { findEntry } from "./entry.ts";

export interface DaemonOptions {
  /** Whose end disposes of it, and whose failure prints the output. Without it call `dispose()`. */
  readonly test?: TestHooks;
  /** `true` = `dist/index.js` of its app, `false` = from source. Default: the bundle when no source is newer. */
  readonly built?: boolean;
  /** Added to the daemon's environment, or taken away by `undefined`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** 0 (default) = any free port, kept over restarts. */
  readonly port?: number;
  /** Default `ready`. */
  readonly until?: StartedWhen;
  /** For each stage of a start; default 30,000. */
  readonly timeoutMs?: number;
}

/** What one start may have otherwise. */
export interface StartOptions {
  readonly until?: StartedWhen;
  /** Added to that of the daemon's options. */
  readonly env?: DaemonOptions["env"];
}

/** One daemon of ours on loopback, over as many lives as a test wants: what is the same in all of them. */
export abstract class Daemon {
  readonly name: string;
  /** Node's arguments that run its app. */
  protected readonly entry: readonly string[];
  readonly #until: StartedWhen;
  readonly #process: DaemonProcess;
  #port: number;

  /** `name` is for messages; `app` is its directory. */
  constructor({ name, app = name }: { readonly name: string; readonly app?: string }, o: DaemonOptions) {
    this.name = name;
    this.entry = findEntry(app, o.built);
    this.#until = o.until ?? "ready";
    this.#process = new DaemonProcess(name, o.timeoutMs);
    this.#port = o.port ?? 0;
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

  /** Starts it (again), on the port it had before. Throws with its last output when it ends first or takes too long. */
  async start(o: StartOptions = {}): Promise<void> {
    const until = o.until ?? this.#until;
    const port = await this.#process.start(this.command(o.env), until);
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
  stop(timeoutMs?: number): Promise<Exit> {
    return this.#process.stop(timeoutMs);
  }

  /** Ends it by a signal (default SIGTERM) and starts it again. */
  async restart(o: StartOptions & { readonly signal?: NodeJS.Signals } = {}): Promise<void> {
    if (this.isRunning) await this.kill(o.signal ?? "SIGTERM");
    await this.start(o);
  }

  /** How the present life ends. */
  waitExit(timeoutMs?: number): Promise<Exit> {
    return this.#process.waitExit(timeoutMs);
  }

  /** Kills what is left of it. */
  dispose(): Promise<void> {
    return this.#process.dispose();
  }

  /** What one start of it runs; `env` is that of this start alone. */
  protected abstract command(env: DaemonOptions["env"]): SpawnOptions;
}

/** Starts a daemon that was just made, and binds it to the test. */
export async function startDaemon<D extends Daemon>(daemon: D, test: TestHooks | undefined): Promise<D> {
  const { name } = daemon;
  test?.onTestFailed(() => void process.stderr.write(`--- output of ${name} ---\n${daemon.output()}\n---\n`));
  test?.onTestFinished(() => daemon.dispose());
  try {
    await daemon.start();
  } catch (error) {
    if (test === undefined) await daemon.dispose();
    throw error;
  }
  return daemon;
}

// node:child_process and not execa: execa's promise waits for the pipes, which a grandchild may hold open long after the
// child is gone, and its kill ladder reaches the child only; exit, drain and the process group are handled here.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { LineTooLongError } from "../framing/line-splitter.ts";
import { type ConnectionHandlers, RpcConnection } from "../rpc/rpc-connection.ts";
import { StderrLines } from "./stderr-lines.ts";

export interface ChildOptions {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  handlers: ConnectionHandlers & {
    onStderr(line: string): void;
    /** The stream can no longer be followed; the child must be ended. */
    onBroken(reason: "oversize" | "crash", detail: string): void;
  };
  random: () => number;
}

/** How the process ended, as the system told it. */
export interface Ended {
  code: number | null;
  signal: string | null;
}

/** After the exit, output is read until the pipe ends or stays silent for this long (a grandchild may hold it). */
const DRAIN_IDLE_MS = 250;
/** A pipe that ends while the process lives: how long we wait for its exit before ending it. */
const BROKEN_PIPE_MS = 1_000;

/** One process of the app-server with its connection. It is the leader of its own process group. */
export class Child {
  readonly pid: number;
  readonly connection: RpcConnection;
  /** Resolves when the process has ended and what it wrote before was handed on. */
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #stderr: StderrLines;
  readonly #handlers: ChildOptions["handlers"];
  #exited = false;
  #broken = false;
  #paused = false;
  #abandoned = false;
  /** Chunks that came although reading is paused: Node lets the streams of an ended process flow whatever we say. */
  #held: Buffer[] = [];
  #onFlow: () => void = () => undefined;
  #touch: () => void = () => undefined;

  /** Starts the process. Rejects when the system cannot start it (with its `code`, such as ENOENT). */
  static async spawn(o: ChildOptions): Promise<Child> {
    const child = spawn(o.command, [...o.args], {
      cwd: o.cwd,
      env: o.env,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    // Listeners before the first await: the exit of a short-lived child must not be missed.
    const exit = new Promise<Ended>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    await once(child, "spawn");
    return new Child(child, exit, o);
  }

  private constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, exit: Promise<Ended>, o: ChildOptions) {
    if (child.pid === undefined) throw new Error("a spawned process has no pid");
    this.pid = child.pid;
    this.#process = child;
    this.#handlers = o.handlers;
    this.#stderr = new StderrLines((line) => o.handlers.onStderr(line));
    this.connection = new RpcConnection({
      transport: stdinTransport(child.stdin),
      handlers: o.handlers,
      random: o.random,
    });
    child.on("error", () => undefined); // a signal that could not be sent; the exit tells the rest
    child.stdin.on("error", () => this.#pipeBroke("its stdin is closed"));
    child.stdin.on("drain", () => this.connection.drained());
    child.stdout.on("data", (chunk: Buffer) => this.#onStdout(chunk));
    child.stdout.on("error", () => undefined);
    child.stdout.once("end", () => this.#pipeBroke("its stdout is closed"));
    child.stderr.on("data", (chunk: Buffer) => this.#onStderr(chunk));
    child.stderr.on("error", () => undefined);
    this.ended = exit.then((ended) => this.#drain(ended));
  }

  get stderrTail(): string {
    return this.#stderr.tail;
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** Stops reading stdout: the child stalls on the full pipe and loses nothing. Deadlines stand still. */
  pause(): void {
    this.#paused = true;
    this.#process.stdout.pause();
    this.connection.holdDeadlines();
  }

  resume(): void {
    this.#paused = false;
    this.connection.releaseDeadlines();
    for (const chunk of this.#held.splice(0)) this.#onStdout(chunk);
    if (this.isPaused) return; // a handler paused again; what is left is held again
    this.#process.stdout.resume();
    this.#touch();
    this.#onFlow();
  }

  /** What it still writes while reading is paused may be dropped: its exit need not wait for `resume`. */
  abandon(): void {
    this.#abandoned = true;
    this.#touch();
    this.#onFlow();
  }

  /** Signals the whole process group, so that a wrapper's real child is reached too. */
  signal(name: NodeJS.Signals): void {
    if (this.#exited) return;
    try {
      process.kill(-this.pid, name);
    } catch {
      this.#process.kill(name);
    }
  }

  /** Ends stdin, then SIGTERM, then SIGKILL, each after its wait. Resolves when the process has ended. */
  async endGently(o: { stdinMs: number; termMs: number }): Promise<void> {
    this.#process.stdin.end();
    if (await this.#endsWithin(o.stdinMs)) return;
    this.signal("SIGTERM");
    if (await this.#endsWithin(o.termMs)) return;
    this.signal("SIGKILL");
    await this.ended;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    const ended = await Promise.race([this.ended.then(() => true), timeout]);
    clearTimeout(timer);
    return ended;
  }

  #onStdout(chunk: Buffer): void {
    if (this.#paused) {
      this.#process.stdout.pause();
      this.#held.push(chunk);
      return;
    }
    this.#touch();
    if (this.#broken) return;
    try {
      this.connection.receive(chunk);
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error;
      this.#broken = true;
      this.#handlers.onBroken("oversize", error.message);
    }
  }

  #onStderr(chunk: Buffer): void {
    this.#touch();
    this.#stderr.push(chunk);
  }

  /** A child without stdin or stdout is of no use; give its exit a moment to be told first. */
  #pipeBroke(what: string): void {
    if (this.#exited) return;
    const timer = setTimeout(() => {
      if (!this.#exited) this.#handlers.onBroken("crash", what);
    }, BROKEN_PIPE_MS);
    void this.ended.then(() => clearTimeout(timer));
  }

  /** Waits for the rest of both pipes; while reading is paused, for as long as that takes. */
  async #drain(ended: Ended): Promise<Ended> {
    this.#exited = true;
    const { stdin, stdout, stderr } = this.#process;
    stdin.destroy();
    await Promise.race([
      Promise.all([closed(stdout), closed(stderr)]),
      new Promise<void>((resolve) => this.#whenSilent(resolve)),
    ]);
    if (this.#held.length > 0 && !this.#abandoned) {
      await new Promise<void>((resolve) => {
        this.#onFlow = resolve;
      });
    }
    stdout.destroy();
    stderr.destroy();
    this.#stderr.flush();
    return ended;
  }

  #whenSilent(done: () => void): void {
    let timer: NodeJS.Timeout | undefined;
    this.#touch = () => {
      clearTimeout(timer);
      if (!this.#paused || this.#abandoned) timer = setTimeout(done, DRAIN_IDLE_MS);
    };
    this.#touch();
    void Promise.all([closed(this.#process.stdout), closed(this.#process.stderr)]).then(() => clearTimeout(timer));
  }
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once("close", resolve);
  });
}

function stdinTransport(stdin: Writable): { write(line: string): void; readonly bufferedBytes: number } {
  return {
    write: (line) => {
      if (stdin.writable) stdin.write(line);
    },
    get bufferedBytes() {
      return stdin.writableLength;
    },
  };
}

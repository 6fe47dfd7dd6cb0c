import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** A process of the benchmark: one request at a time over IPC. It ends when its channel is closed. */
export class Worker {
  readonly #process: ChildProcess;
  readonly #name: string;
  readonly #gone: Promise<never>;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#process = child;
    this.#gone = once(child, "exit").then(([code]) => {
      throw new Error(`${name} ended (code ${String(code)})`);
    });
    this.#gone.catch(() => undefined); // it always ends at last
  }

  /** Starts a file of this directory by tsx. */
  static start(name: string): Worker {
    const tsx = createRequire(import.meta.url).resolve("tsx");
    const file = path.join(import.meta.dirname, `${name}.ts`);
    return new Worker(name, fork(file, [], { execArgv: ["--import", pathToFileURL(tsx).href] }));
  }

  /** Sends a request and waits for its reply; rejects with the worker's error, or when it ends first. */
  async call<T>(request: unknown): Promise<T> {
    const reply = new Promise<{ result?: T; error?: string }>((resolve) => {
      this.#process.once("message", (message) => resolve(message as { result?: T; error?: string }));
    });
    this.#process.send(request as object);
    const { result, error } = await Promise.race([reply, this.#gone]);
    if (error !== undefined) throw new Error(`${this.#name}: ${error}`);
    return result as T;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, "exit");
    if (this.#process.connected) this.#process.disconnect();
    await exit;
  }
}

/** The other side: answers each request by `handle`, and runs `close` when the channel ends. */
export function serveRequests(handle: (request: never) => Promise<unknown>, close: () => Promise<void>): void {
  process.on("message", (request) => {
    handle(request as never).then(
      (result) => process.send?.({ result }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once("disconnect", () => {
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

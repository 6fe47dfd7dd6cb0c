import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { AppServerSupervisor } from "../../src/supervisor/app-server-supervisor.ts";
import type { ChildExit, SupervisorOptions, SupervisorState } from "../../src/supervisor/types.ts";

export const FAKE_CHILD = fileURLToPath(new URL("../programs/fake-child.mjs", import.meta.url));

/** One thing the supervisor told, in the order it was told. */
export type Told =
  | { kind: "state"; state: SupervisorState }
  | { kind: "exit"; exit: ChildExit }
  | { kind: "notification"; method: string; params: unknown; generation: number }
  | { kind: "reaped"; killed: readonly { pid: number; role: string }[]; reason: string }
  | { kind: "stderr"; line: string }
  | { kind: "batchEnd" };

/** A supervisor in a temporary directory, with everything it told. `close` ends it and removes the directory. */
export class Supervised {
  readonly dir: string;
  readonly supervisor: AppServerSupervisor;
  readonly told: Told[] = [];
  readonly #waiters = new Set<() => void>();
  #looking = false;

  constructor(o: Partial<Omit<SupervisorOptions, "handlers">> & { dir?: string } = {}) {
    this.dir = o.dir ?? fs.mkdtempSync(path.join(os.tmpdir(), "supervised-"));
    this.supervisor = new AppServerSupervisor({
      command: process.execPath,
      args: [FAKE_CHILD, "ready"],
      cwd: this.dir,
      env: { PATH: process.env["PATH"] ?? "" },
      clientInfo: { name: "codexd", title: "test", version: "0.0.0" },
      recordFile: path.join(this.dir, "child.json"),
      marker: { name: "MARKER", value: `test-${process.pid}-${path.basename(this.dir)}` },
      random: () => 1,
      ...o,
      timings: { backoffInitialMs: 50, backoffMaxMs: 400, ...o.timings },
      handlers: {
        onState: (state) => this.#tell({ kind: "state", state }),
        onExit: (exit) => this.#tell({ kind: "exit", exit }),
        onNotification: (notification, generation) => this.#tell({ kind: "notification", ...notification, generation }),
        onRequest: () => "unknown",
        onStderr: (line) => this.#tell({ kind: "stderr", line }),
        onUnparsable: () => undefined,
        onBatchEnd: () => this.#tell({ kind: "batchEnd" }),
        onReaped: (report) => this.#tell({ kind: "reaped", ...report }),
      },
    });
  }

  static behaving(
    behaviour: string,
    o: { argument?: string } & Partial<Omit<SupervisorOptions, "handlers">> & { dir?: string } = {},
  ): Supervised {
    const { argument, ...rest } = o;
    return new Supervised({ args: [FAKE_CHILD, behaviour, ...(argument === undefined ? [] : [argument])], ...rest });
  }

  get states(): string[] {
    return this.told.flatMap((one) => (one.kind === "state" ? [one.state.kind] : []));
  }

  get exits(): ChildExit[] {
    return this.told.flatMap((one) => (one.kind === "exit" ? [one.exit] : []));
  }

  notifications(method: string): (Told & { kind: "notification" })[] {
    return this.told.filter((one) => one.kind === "notification").filter((one) => one.method === method);
  }

  /** Resolves as soon as the condition holds; it is looked at whenever something is told. */
  async until(what: string, condition: () => boolean, ms = 20_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(look);
        const told = this.told
          .slice(-20)
          .map((one) => JSON.stringify(one).slice(0, 300))
          .join("\n");
        reject(new Error(`not within ${ms} ms: ${what}; told last:\n${told}`));
      }, ms);
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
    });
  }

  untilState(kind: SupervisorState["kind"], o: { generation?: number } = {}): Promise<void> {
    const { supervisor } = this;
    const reached = (): boolean =>
      supervisor.state.kind === kind && (o.generation === undefined || supervisor.state.generation === o.generation);
    return this.until(`state ${kind} ${o.generation ?? ""}`, reached);
  }

  async close(): Promise<void> {
    await this.supervisor.stop();
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  /** Records at once, and looks once per turn of the event loop: a flood must not make every waiter look at every line. */
  #tell(one: Told): void {
    this.told.push(one);
    if (this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      for (const waiter of this.#waiters) waiter();
    });
  }
}

/** Whether a process lives (a zombie does not). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return !["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3));
  } catch {
    return false;
  }
}

import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { createInterface } from "node:readline";

export interface Message {
  id?: number;
  method?: string;
  params?: any;
  result?: any;
  error?: { code: number; message: string };
}

/** The native binary of the pinned codex, behind its npm wrapper. */
export function nativeCodex(): string {
  const wrapper = createRequire(import.meta.url).resolve("@openai/codex/bin/codex.js");
  const platform = `codex-${process.platform}-${process.arch}`;
  const vendor = path.join(fs.realpathSync(path.dirname(wrapper)), "..", "..", platform, "vendor");
  const [triple] = fs.readdirSync(vendor);
  return path.join(vendor, String(triple), "bin", "codex");
}

/** The real app-server over stdio with nothing between: one JSON object a line. */
export class BareCodex {
  readonly messages: Message[] = [];
  stderr = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #watchers = new Set<() => void>();
  #nextId = 1;

  constructor(o: { home: string; cwd: string; args: readonly string[] }) {
    const args = ["app-server", "--disable", "plugins", "--disable", "shell_snapshot", ...o.args];
    const env = { PATH: process.env["PATH"], HOME: o.cwd, CODEX_HOME: o.home };
    this.#child = spawn(nativeCodex(), args, { cwd: o.cwd, env });
    this.#child.stderr.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(JSON.parse(line) as Message));
  }

  async handshake(): Promise<void> {
    await this.call("initialize", { clientInfo: { name: "loopback-test", title: "Test", version: "0.0.1" } });
    this.send({ method: "initialized" });
  }

  async call(method: string, params: unknown): Promise<any> {
    const id = this.#nextId++;
    this.send({ id, method, params } as Message);
    const reply = await this.until((message) => message.id === id && message.method === undefined);
    if (reply.error !== undefined) throw new Error(`${method}: ${reply.error.message}`);
    return reply.result;
  }

  send(message: Message): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** The first message, past or to come, that fits. */
  until(fits: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(() => reject(new Error(`no such message; stderr: ${this.stderr}`))),
        30_000,
      );
      const look = (): void => {
        const found = this.messages.find((message) => fits(message));
        if (found !== undefined) settle(() => resolve(found));
      };
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        end();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Runs a turn to its end and returns `turn/completed`'s turn. */
  async turn(threadId: string, text: string): Promise<any> {
    const { turn } = await this.call("turn/start", { threadId, input: [{ type: "text", text }] });
    const end = await this.until((m) => m.method === "turn/completed" && m.params.turn.id === turn.id);
    return end.params.turn;
  }

  /** Text of the deltas of a turn. */
  deltas(turnId: string): string[] {
    const mine = this.messages.filter((m) => m.method === "item/agentMessage/delta" && m.params.turnId === turnId);
    return mine.map((m) => m.params.delta as string);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.stdin.end();
    await exited;
  }

  #take(message: Message): void {
    this.messages.push(message);
    for (const watcher of this.#watchers) watcher();
  }
}

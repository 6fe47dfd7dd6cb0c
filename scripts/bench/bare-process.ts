// The yardstick: a real app-server over stdio with the least client that can follow a turn.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { Arrivals, type ReaderResult } from "./arrivals.ts";
import { serveRequests } from "./worker.ts";

export type BareRequest =
  | { readonly kind: "start"; command: string; args: readonly string[]; cwd: string; env: Record<string, string> }
  | { readonly kind: "turn"; prompt: string };

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { delta?: string };
  readonly result?: { thread?: { id: string } };
  readonly error?: { message: string };
}

type Child = ChildProcessByStdio<Writable, Readable, null>;
let child: Child | undefined;
let cwd = "";
let nextId = 1;
const waiting = new Map<number, (message: Message) => void>();
let onNotification: (message: Message, nowNs: bigint) => void = () => undefined;

function follow(stdout: Readable): void {
  let rest = "";
  stdout.setEncoding("utf8");
  stdout.on("data", (text: string) => {
    const nowNs = process.hrtime.bigint();
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(JSON.parse(line) as Message, nowNs);
  });
}

function take(message: Message, nowNs: bigint): void {
  if (message.method !== undefined) onNotification(message, nowNs);
  else if (message.id !== undefined) waiting.get(message.id)?.(message);
}

function send(message: object): void {
  child?.stdin.write(`${JSON.stringify(message)}\n`);
}

function call(method: string, params: unknown): Promise<Message["result"]> {
  const id = nextId++;
  send({ id, method, params });
  return new Promise((resolve, reject) => {
    waiting.set(id, ({ result, error }) => {
      waiting.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(`${method}: ${error.message}`));
    });
  });
}

async function start(request: BareRequest & { kind: "start" }): Promise<void> {
  const { command, args, env } = request;
  cwd = request.cwd;
  child = spawn(command, [...args], { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
  follow(child.stdout);
  const clientInfo = { name: "bench", title: "Benchmark", version: "0.1.0" };
  await call("initialize", { clientInfo, capabilities: { experimentalApi: true } });
  send({ method: "initialized" });
}

/** One turn on a thread of its own. */
async function turn(prompt: string): Promise<ReaderResult> {
  const thread = (await call("thread/start", { cwd, sandbox: "read-only", approvalPolicy: "never" }))?.thread;
  const arrivals = new Arrivals();
  const ended = new Promise<void>((resolve) => {
    onNotification = (message, nowNs) => {
      if (message.method === "item/agentMessage/delta") arrivals.delta(message.params?.delta ?? "", nowNs);
      else if (message.method === "turn/completed") resolve();
    };
  });
  await call("turn/start", { threadId: thread?.id, input: [{ type: "text", text: prompt }] });
  await ended;
  return arrivals.result();
}

serveRequests(
  async (request: BareRequest) => (request.kind === "start" ? start(request) : turn(request.prompt)),
  async () => {
    if (child === undefined || child.exitCode !== null) return;
    const exit = once(child, "exit");
    child.stdin.end();
    await exit;
  },
);

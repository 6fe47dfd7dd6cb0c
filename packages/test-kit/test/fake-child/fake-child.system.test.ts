import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askApproval, codexPlay, createFakeChild, tempRoot } from "../../src/index.ts";
import type { FakeChild, Play, Step, TempRoot } from "../../src/index.ts";

let root: TempRoot;
let child: ChildProcess;
let exited: Promise<unknown[]>;
let lines: any[];

beforeEach(() => {
  root = tempRoot();
});
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await exited;
  }
  root.remove();
});

function start(fake: FakeChild, args: string[] = ["app-server"]): void {
  lines = [];
  child = spawn(fake.command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ONLY: "this" },
  });
  exited = once(child, "close");
  createInterface({ input: child.stdout! }).on("line", (line) => lines.push(JSON.parse(line)));
}

function play(...plays: Play[]): FakeChild {
  const fake = createFakeChild({ dir: root.join("fake"), plays });
  start(fake);
  return fake;
}

const on = (steps: readonly Step[]): Play => ({ on: { ask: steps } });
const send = (message: unknown): void => void child.stdin!.write(`${JSON.stringify(message)}\n`);

async function until(fits: (message: any) => boolean): Promise<any> {
  await expect.poll(() => lines.some((line) => fits(line)), { timeout: 5000, interval: 5 }).toBe(true);
  return lines.find((line) => fits(line));
}

const isReply =
  (id: number) =>
  (message: any): boolean =>
    message.id === id && message.method === undefined;

async function startTurn(): Promise<{ threadId: string; turnId: string }> {
  send({
    id: 1,
    method: "thread/start",
    params: { cwd: "/w", sandbox: "workspace-write", approvalPolicy: "untrusted" },
  });
  const { result } = await until(isReply(1));
  expect([result.cwd, result.sandbox.type, result.approvalPolicy]).toEqual(["/w", "workspaceWrite", "untrusted"]);
  send({ id: 2, method: "turn/start", params: { threadId: result.thread.id, input: [{ type: "text", text: "hi" }] } });
  const reply = await until(isReply(2));
  return { threadId: result.thread.id, turnId: reply.result.turn.id };
}

test("the well-behaved play runs a turn in codex's order", async () => {
  const fake = play(codexPlay({ deltas: ["a", "b"] }));
  send({ id: 0, method: "initialize", params: { clientInfo: { name: "kit", version: "1" } } });
  expect((await until(isReply(0))).result.userAgent).toMatch(/^kit\/0\.169\.0 \(/);
  await startTurn();
  await until((m) => m.method === "turn/completed");
  expect(lines.slice(3).map((m) => m.method ?? "reply")).toEqual([
    "reply",
    "thread/status/changed",
    "turn/started",
    "item/started",
    "item/completed",
    "item/started",
    "item/agentMessage/delta",
    "item/agentMessage/delta",
    "item/completed",
    "thread/status/changed",
    "turn/completed",
  ]);
  expect(lines.at(-1).params.turn.items[0].text).toBe("ab");
  expect(fake.received("turn/start")).toHaveLength(1);
  expect(fake.spawns()[0]).toMatchObject({ spawn: 0, argv: ["app-server"], env: { ONLY: "this" } });
});

test("every byte of stdin is logged, and an unknown method is refused", async () => {
  const fake = play({});
  child.stdin!.write('{"id":7,"meth');
  child.stdin!.write('od":"what"}\n');
  expect((await until(isReply(7))).error.code).toBe(-32600);
  expect(fake.stdin().toString()).toBe('{"id":7,"method":"what"}\n');
});

test("an approval waits for its answer and acts on it", async () => {
  play(codexPlay({ before: askApproval("touch x") }));
  const { turnId } = await startTurn();
  const request = await until((m) => m.method === "item/commandExecution/requestApproval");
  expect([request.id, request.params.turnId, request.params.command]).toEqual([0, turnId, "touch x"]);
  expect(lines.some((m) => m.method === "item/agentMessage/delta")).toBe(false);
  send({ id: 0, result: { decision: "decline" } });
  await until((m) => m.method === "turn/completed");
  const item = lines.find((m) => m.method === "item/completed" && m.params.item.type === "commandExecution");
  expect(item.params.item.status).toBe("declined");
});

test("an interrupt ends the turn that hangs at a gate", async () => {
  play(codexPlay({ middle: [{ waitFile: root.join("never") }] }));
  const { threadId, turnId } = await startTurn();
  await until((m) => m.method === "item/agentMessage/delta");
  send({ id: 3, method: "turn/interrupt", params: { threadId, turnId } });
  expect((await until((m) => m.method === "turn/completed")).params.turn.status).toBe("interrupted");
});

test("after a crash the next life knows the turn as interrupted; plays go by life", async () => {
  const fake = play(codexPlay({ middle: [{ signal: "SIGKILL" }] }), codexPlay());
  const { threadId, turnId } = await startTurn();
  expect(await exited).toEqual([null, "SIGKILL"]);
  start(fake);
  send({ id: 1, method: "thread/turns/list", params: { threadId } });
  const { result } = await until(isReply(1));
  expect(result.data.map((turn: any) => [turn.id, turn.status])).toEqual([[turnId, "interrupted"]]);
  send({ id: 2, method: "thread/resume", params: { threadId: "unknown" } });
  expect((await until(isReply(2))).error.message).toBe("no rollout found for thread id unknown");
  expect(fake.spawns().map(({ spawn: life }) => life)).toEqual([0, 1]);
});

test("replies are held, reordered and doubled", async () => {
  play({ on: { ask: [{ hold: "{{params.n}}" }], end: [{ flush: [2, 0, 1, 0] }] } });
  for (const n of [0, 1, 2]) send({ id: n, method: "ask", params: { n } });
  send({ method: "end" });
  await expect.poll(() => lines.length).toBe(4);
  expect(lines.map((m) => [m.id, m.result])).toEqual([
    [2, 2],
    [0, 0],
    [1, 1],
    [0, 0],
  ]);
});

test("text is split where asked, long lines are made, and templates fill in", async () => {
  const text = `${JSON.stringify({ euro: "€" })}\n`;
  play(
    on([
      { split: { text, at: 10 } },
      { repeat: { times: 2, steps: [{ send: { i: "{{i}}", s: 'n{{i}}{{none|"?"}}' } }] } },
    ]),
  );
  send({ id: 1, method: "ask" });
  await expect.poll(() => lines.length).toBe(3);
  expect(lines).toEqual([{ euro: "€" }, { i: 0, s: "n0?" }, { i: 1, s: "n1?" }]);
});

test("a flood of stdout and stderr is as large as asked, then it exits as asked", async () => {
  play(on([{ fill: { bytes: 200_000, newline: false } }, { floodStderr: 300_000 }, { exit: 3 }]));
  child.stdout!.removeAllListeners("data");
  const counts = [0, 0];
  child.stdout!.on("data", (chunk: Buffer) => (counts[0]! += chunk.length));
  child.stderr!.on("data", (chunk: Buffer) => (counts[1]! += chunk.length));
  send({ id: 1, method: "ask" });
  expect(await exited).toEqual([3, null]);
  expect(counts[0]).toBe(200_000);
  expect(counts[1]).toBe(300_000);
});

test("it ends when stdin ends, unless told to linger; signals may be ignored", async () => {
  const fake = play(
    {},
    {
      onEnd: [{ send: { end: true } }],
      onSignal: { SIGTERM: [{ send: { term: true } }] },
      start: [{ send: { up: true } }],
    },
  );
  child.stdin!.end();
  expect(await exited).toEqual([0, null]);
  start(fake);
  await until((m) => m.up === true);
  child.stdin!.end();
  await until((m) => m.end === true);
  child.kill("SIGTERM");
  await until((m) => m.term === true);
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
});

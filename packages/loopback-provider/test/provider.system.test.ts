import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codexConfigArgs, codexConfigFor, startLoopbackProvider } from "../src/index.ts";
import type { LoopbackProvider } from "../src/index.ts";
import { BareCodex } from "./bare-codex.ts";

let root: string;
let provider: LoopbackProvider;
let codex: BareCodex;

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "baa-loopback-"));
  for (const name of ["home", "work"]) fs.mkdirSync(path.join(root, name));
  provider = await startLoopbackProvider();
});

afterEach(async () => {
  await codex.stop();
  await provider.stop();
  fs.rmSync(root, { recursive: true, force: true });
});

async function startCodex(args: string[]): Promise<void> {
  codex = new BareCodex({ home: path.join(root, "home"), cwd: path.join(root, "work"), args });
  await codex.handshake();
}

async function startThread(params: Record<string, unknown> = {}): Promise<string> {
  const { thread } = await codex.call("thread/start", { cwd: path.join(root, "work"), ...params });
  return thread.id as string;
}

test("a turn of the real codex, configured by config.toml, streams the echo in several deltas", async () => {
  fs.writeFileSync(path.join(root, "home", "config.toml"), codexConfigFor(provider.url));
  await startCodex([]);
  const turn = await codex.turn(await startThread(), "four words of greeting");
  expect(turn.status).toBe("completed");
  expect(codex.deltas(turn.id)).toEqual(["You ", "said: ", "four ", "words ", "of ", "greeting"]);
  expect(provider.modelCalls("words of greeting")).toBe(1);
});

test("a turn configured by arguments runs a command after an approval and answers with its output", async () => {
  await startCodex(codexConfigArgs(provider.url));
  const threadId = await startThread({ approvalPolicy: "untrusted", sandbox: "workspace-write" });
  const ended = codex.turn(threadId, "please [[run: touch made.txt && echo made-it]]");
  const request = await codex.until((m) => m.method === "item/commandExecution/requestApproval");
  expect(request.params.command).toContain("touch made.txt");
  expect(fs.existsSync(path.join(root, "work", "made.txt"))).toBe(false);
  codex.send({ id: request.id!, result: { decision: "accept" } });
  const turn = await ended;
  expect(turn.status).toBe("completed");
  expect(fs.existsSync(path.join(root, "work", "made.txt"))).toBe(true);
  expect(codex.deltas(turn.id).join("")).toContain("made-it");
  expect(provider.modelCalls("please")).toBe(2);
});

test("failures reach codex as failures, and the next turn works", async () => {
  await startCodex(codexConfigArgs(provider.url, { requestMaxRetries: 0, streamMaxRetries: 0 }));
  const threadId = await startThread();
  for (const directive of [
    "[[status=500]]",
    "[[status=400]]",
    "[[cut after=2]]",
    "[[reset]]",
    "[[failed=server_error]]",
  ]) {
    const turn = await codex.turn(threadId, `one two three ${directive}`);
    expect([directive, turn.status]).toEqual([directive, "failed"]);
  }
  expect((await codex.turn(threadId, "[[say: fine again]]")).status).toBe("completed");
});

test("a hang lasts until the turn is interrupted; a stream that is cut once is retried", async () => {
  await startCodex(codexConfigArgs(provider.url));
  const threadId = await startThread();
  const { turn } = await codex.call("turn/start", {
    threadId,
    input: [{ type: "text", text: "[[hang after=1]] never" }],
  });
  await codex.until((m) => m.method === "item/agentMessage/delta");
  await codex.call("turn/interrupt", { threadId, turnId: turn.id });
  const end = await codex.until((m) => m.method === "turn/completed" && m.params.turn.id === turn.id);
  expect(end.params.turn.status).toBe("interrupted");
  const retried = await codex.turn(threadId, "[[cut after=2 times=1]] again please");
  expect(retried.status).toBe("completed");
  expect(provider.requests().map((request) => request.attempt)).toEqual([0, 0, 1]);
});

test("an escalated command asks under the default policy", async () => {
  await startCodex(codexConfigArgs(provider.url));
  const threadId = await startThread();
  const ended = codex.turn(threadId, "[[escalate: echo outside]]");
  const request = await codex.until((m) => m.method === "item/commandExecution/requestApproval");
  codex.send({ id: request.id!, result: { decision: "accept" } });
  const turn = await ended;
  expect(codex.deltas(turn.id).join("")).toContain("outside");
});

test("a patch asks for a file change with a model of Codex's catalogue", async () => {
  await startCodex(codexConfigArgs(provider.url, { model: "gpt-5.5" }));
  const threadId = await startThread({ approvalPolicy: "untrusted", sandbox: "workspace-write" });
  const ended = codex.turn(threadId, "[[patch: new.txt some content]]");
  const request = await codex.until((m) => m.method === "item/fileChange/requestApproval");
  codex.send({ id: request.id!, result: { decision: "accept" } });
  expect((await ended).status).toBe("completed");
  expect(fs.readFileSync(path.join(root, "work", "new.txt"), "utf8")).toBe("some content\n");
});

test("20,000 deltas flat out all come through codex", async () => {
  await startCodex(codexConfigArgs(provider.url));
  const turn = await codex.turn(await startThread(), "[[deltas=20000]]");
  const deltas = codex.deltas(turn.id);
  expect(deltas).toHaveLength(20_000);
  expect(deltas.at(-1)).toBe("w19999 ");
});

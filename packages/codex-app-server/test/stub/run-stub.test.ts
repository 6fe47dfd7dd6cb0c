import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { runStub } from "../../src/stub/run-stub.ts";

interface Message {
  id?: number;
  method?: string;
  params?: {
    status?: { type: string };
    item?: { type: string; text?: string; status?: string };
    delta?: string;
    turn?: { id: string; status: string };
  };
  result?: {
    thread?: { id: string };
    turn?: { id: string };
    data?: { id: string; status: string; items: unknown[] }[];
    turnId?: string;
  };
  error?: { code: number; message: string };
}

/** The other side of a stub that runs in this process. */
class Client {
  readonly messages: Message[] = [];
  readonly ended: Promise<void>;
  crashes = 0;
  readonly #stdin = new PassThrough();
  #nextId = 1;
  #look: () => void = () => undefined;

  constructor(stateFile?: string) {
    const stdout = new PassThrough();
    let rest = "";
    stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.messages.push(...lines.map((line) => JSON.parse(line) as Message));
      this.#look();
    });
    const crash = (): void => {
      this.crashes += 1;
    };
    this.ended = runStub({
      stdin: this.#stdin,
      stdout,
      crash,
      deltaMs: 1,
      ...(stateFile === undefined ? {} : { stateFile }),
    });
  }

  send(message: unknown): void {
    this.#stdin.write(`${JSON.stringify(message)}\n`);
  }

  end(): void {
    this.#stdin.end();
  }

  async ask(method: string, params: unknown = {}): Promise<Message> {
    const id = this.#nextId;
    this.#nextId += 1;
    this.send({ id, method, params });
    return this.find((message) => message.id === id && message.method === undefined);
  }

  /** The first message that fits, waiting for it. */
  async find(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  async open(): Promise<string> {
    await this.ask("initialize", { clientInfo: { name: "t" } });
    return (await this.ask("thread/start", { cwd: "/tmp", sandbox: "read-only" })).result?.thread?.id ?? "";
  }

  async turn(threadId: string, text: string): Promise<string> {
    const input = [{ type: "text", text, text_elements: [] }];
    return (await this.ask("turn/start", { threadId, input })).result?.turn?.id ?? "";
  }

  completed(turnId: string): Promise<Message> {
    return this.find(({ method, params }) => method === "turn/completed" && params?.turn?.id === turnId);
  }

  get text(): string {
    return this.messages
      .map(({ method, params }) => (method === "item/agentMessage/delta" ? params?.delta : ""))
      .join("");
  }
}

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
});

test("a turn streams `stub says:` and the input, in the order in which Codex does", async () => {
  const client = new Client();
  const threadId = await client.open();
  const turnId = await client.turn(threadId, "größe 😀 中文");
  expect((await client.completed(turnId)).params?.turn?.status).toBe("completed");
  expect(client.text).toBe("stub says: größe 😀 中文");
  const names = client.messages.flatMap(({ method, params }) => {
    if (method === undefined || method === "item/agentMessage/delta") return [];
    return [[method, params?.item?.type ?? params?.status?.type].filter(Boolean).join(" ")];
  });
  expect(names).toEqual([
    "thread/started",
    "thread/status/changed active",
    "turn/started",
    "item/started userMessage",
    "item/completed userMessage",
    "item/started agentMessage",
    "item/completed agentMessage",
    "thread/status/changed idle",
    "turn/completed",
  ]);
});

test("[hang] stops in mid-answer until it is interrupted; what it had said is not kept", async () => {
  const client = new Client();
  const threadId = await client.open();
  const turnId = await client.turn(threadId, "[hang]");
  await client.find(({ method }) => method === "item/agentMessage/delta");
  expect((await client.ask("turn/interrupt", { threadId, turnId: "other" })).error?.code).toBe(-32600);
  await client.ask("turn/interrupt", { threadId, turnId });
  expect((await client.completed(turnId)).params?.turn?.status).toBe("interrupted");
  const [turn] = (await client.ask("thread/turns/list", { threadId })).result?.data ?? [];
  expect(turn).toMatchObject({ id: turnId, status: "interrupted" });
  expect(turn?.items).toHaveLength(1);
});

test("a steer needs the right turn and starts the answer anew within it", async () => {
  const client = new Client();
  const threadId = await client.open();
  const turnId = await client.turn(threadId, "[hang]");
  const input = [{ type: "text", text: "go on", text_elements: [] }];
  const wrong = await client.ask("turn/steer", { threadId, expectedTurnId: "x", input });
  expect(wrong.error?.message).toBe(`expected active turn id \`x\` but found \`${turnId}\``);
  expect((await client.ask("turn/steer", { threadId, expectedTurnId: turnId, input })).result).toEqual({ turnId });
  const { params } = await client.completed(turnId);
  expect(params?.turn).toMatchObject({ status: "completed", items: [{ text: "stub says: go on" }] });
  expect((await client.ask("turn/steer", { threadId, expectedTurnId: turnId, input })).error?.message).toBe(
    "no active turn to steer",
  );
});

test.each([
  ["accept", "completed", "completed"],
  ["decline", "declined", "completed"],
  ["cancel", "declined", "interrupted"],
])("[approval] answered with %s: command %s, turn %s", async (decision, command, status) => {
  const client = new Client();
  const threadId = await client.open();
  const turnId = await client.turn(threadId, "[approval]");
  const asked = await client.find(({ method }) => method === "item/commandExecution/requestApproval");
  expect(asked.id).toBe(0);
  client.send({ id: asked.id, result: { decision } });
  expect((await client.completed(turnId)).params?.turn?.status).toBe(status);
  const item = client.messages.find(
    ({ method, params }) => method === "item/completed" && params?.item?.type === "commandExecution",
  );
  expect(item?.params?.item?.status).toBe(command);
});

test("[crash] ends the process in mid-answer; a restarted stub knows the thread and calls the turn interrupted", async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "stub-"));
  dirs.push(dir);
  const stateFile = path.join(dir, "threads.json");
  const first = new Client(stateFile);
  const threadId = await first.open();
  const turnId = await first.turn(threadId, "[crash]");
  await first.find(({ method }) => method === "item/agentMessage/delta");
  const snapshot = fs.readFileSync(stateFile);
  await first.completed(turnId);
  expect(first.crashes).toBe(1);
  fs.writeFileSync(stateFile, snapshot); // as a real crash would have left it

  const second = new Client(stateFile);
  const other = await second.open();
  expect(await second.turn(threadId, "x")).toBe("");
  expect((await second.ask("thread/resume", { threadId })).result?.thread?.id).toBe(threadId);
  const [turn] = (await second.ask("thread/turns/list", { threadId })).result?.data ?? [];
  expect(turn).toMatchObject({ id: turnId, status: "interrupted" });
  const again = await second.turn(threadId, "again");
  expect((await second.completed(again)).params?.turn?.status).toBe("completed");
  expect((await second.ask("thread/resume", { threadId: other })).error?.message).toBe(
    `no rollout found for thread id ${other}`,
  );
});

test("what comes before initialize, an unknown method or no JSON is treated as Codex treats it", async () => {
  const client = new Client();
  expect((await client.ask("thread/list")).error).toEqual({ code: -32600, message: "Not initialized" });
  await client.ask("initialize", { clientInfo: { name: "t" } });
  expect((await client.ask("initialize")).error?.message).toBe("Already initialized");
  expect((await client.ask("no/such")).error?.message).toBe("Invalid request: unknown variant `no/such`");
  client.send([1]);
  expect((await client.ask("account/read")).result).toMatchObject({ requiresOpenaiAuth: false });
});

test("when its stdin ends it falls silent and resolves", async () => {
  const client = new Client();
  const threadId = await client.open();
  await client.turn(threadId, "[hang]");
  client.end();
  await client.ended;
  expect(client.messages.some(({ method }) => method === "turn/completed")).toBe(false);
});

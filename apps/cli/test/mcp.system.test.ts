import type { Approval, Session, TurnDetail } from "@baa/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type McpClient, startMcp, textsOf, valueOf } from "./support/mcp-client.ts";
import { useStack } from "./support/stack.ts";

interface Conversation {
  threadId: string;
  sessionId: string;
  turnId: string;
  state: string;
  content: string;
  next?: string;
}
interface Outcome {
  turn: TurnDetail;
  approvals?: Approval[];
  next?: string;
}

const stack = useStack();
let mcp: McpClient;
let deciding: McpClient;
beforeAll(async () => {
  [mcp, deciding] = await Promise.all([
    startMcp(stack()),
    startMcp(stack(), { words: ["--allow-approvals", "--wait", "20s"], isModern: true }),
  ]);
});
afterAll(() => Promise.all([mcp?.close(), deciding?.close()]));

const call = (name: string, args: Record<string, unknown> = {}) => mcp.client.callTool({ name, arguments: args });

const createSession = async (args: Record<string, unknown> = {}): Promise<Session> =>
  valueOf<{ session: Session }>(await call("create_session", args)).session;

test("the tools say what they do; deciding is offered only when it was allowed", async () => {
  const { tools } = await mcp.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    "codex",
    "codex-reply",
    "list_sessions",
    "create_session",
    "read_session",
    "archive_session",
    "start_turn",
    "wait_turn",
    "read_turn",
    "steer_turn",
    "interrupt_turn",
    "list_approvals",
    "status",
    "list_models",
  ]);
  expect(tools.every(({ outputSchema, annotations }) => outputSchema !== undefined && annotations !== undefined)).toBe(
    true,
  );
  const offered = (await deciding.client.listTools()).tools.find(({ name }) => name === "decide_approval");
  expect(offered?.annotations).toEqual({
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: false,
    openWorldHint: true,
  });
  expect(
    (await mcp.client.callTool({ name: "decide_approval", arguments: {} }).catch((error: Error) => error)) as Error,
  ).toMatchObject({
    message: expect.stringContaining("decide_approval") as string,
  });
});

test("codex answers, and codex-reply goes on by its threadId", async () => {
  const result = await call("codex", { prompt: "[[say: four]]", title: "sums" });
  const first = valueOf<Conversation>(result);
  expect(first).toMatchObject({ state: "completed", content: "four" });
  expect(textsOf(result)[0]).toBe("four");
  const second = valueOf<Conversation>(
    await call("codex-reply", { threadId: first.threadId, prompt: "[[say: five]]" }),
  );
  expect(second).toMatchObject({ sessionId: first.sessionId, threadId: first.threadId, content: "five" });
  const read = valueOf<{ session: Session; turns: { id: string }[] }>(
    await call("read_session", { sessionId: first.sessionId }),
  );
  expect(read.session.title).toBe("sums");
  expect(read.turns.map(({ id }) => id)).toEqual([second.turnId, first.turnId]);
});

test("progress tells what the turn writes while it streams", async () => {
  const heard: string[] = [];
  const answer = mcp.client.callTool(
    { name: "codex", arguments: { prompt: "[[say: one two three four five six]] [[hold=progress after=3]]" } },
    {
      onprogress: ({ message }) => {
        heard.push(message ?? "");
        if (message?.includes("three") === true) stack().provider.release("progress");
      },
    },
  );
  expect(valueOf<Conversation>(await answer).content).toBe("one two three four five six");
  expect(heard.some((message) => message === "writes: one two three")).toBe(true);
});

test("a call waits no longer than it says; the turn goes on and is waited for again", async () => {
  const { id: sessionId } = await createSession();
  const prompt = "[[say: patience]] [[hold=bounded]]";
  const early = valueOf<Outcome>(await call("start_turn", { sessionId, prompt, waitMs: 200 }));
  expect(early.turn.state).not.toBe("completed");
  expect(early.next).toContain("Call wait_turn with");
  const busy = await call("start_turn", { sessionId, prompt: "more" });
  expect([busy.isError, textsOf(busy)[0]]).toEqual([
    true,
    expect.stringMatching(/^turn_active \(409\): .* Next: Wait for it, steer it, or interrupt it\.$/),
  ]);
  expect(busy._meta).toMatchObject({ "so.makefile.baa/problem": { code: "turn_active", turnId: early.turn.id } });
  const waiting = call("wait_turn", { sessionId, turnId: early.turn.id });
  stack().provider.release("bounded");
  expect(valueOf<Outcome>(await waiting).turn).toMatchObject({ state: "completed", text: "patience" });
});

test("a call that is taken back interrupts its turn", async () => {
  const stop = new AbortController();
  const prompt = "cancel me [[say: never all of it]] [[hold=cancelled after=2]]";
  const given = mcp.client.callTool(
    { name: "codex", arguments: { prompt, title: "taken back" } },
    { signal: stop.signal, onprogress: ({ message }) => message?.startsWith("writes:") && stop.abort("enough") },
  );
  await expect(given).rejects.toThrow("enough");
  const { sessions } = valueOf<{ sessions: Session[] }>(await call("list_sessions", { q: "taken back" }));
  const sessionId = sessions[0]?.id;
  const { turns } = valueOf<{ turns: { id: string }[] }>(await call("read_session", { sessionId }));
  const ended = valueOf<Outcome>(await call("wait_turn", { sessionId, turnId: turns[0]?.id }));
  expect(ended.turn.state).toBe("interrupted");
  expect(mcp.log()).toContain("interrupted, since the client took its request back");
});

test("steer adds to a running turn, interrupt ends it", async () => {
  const { id: sessionId } = await createSession();
  const prompt = "[[say: a b c d e]] [[hold=steered after=2]]";
  const { turn } = valueOf<Outcome>(await call("start_turn", { sessionId, prompt, waitMs: 0 }));
  await stack().provider.held("steered");
  const steered = valueOf<{ inputId: string }>(
    await call("steer_turn", { sessionId, turnId: turn.id, prompt: "[[say: a b c]] [[hold=shorter after=1]]" }),
  );
  expect(steered.inputId).toEqual(expect.any(String));
  // Codex begins a new answer for what was added; this one must not end before it is interrupted.
  stack().provider.release("steered");
  await stack().provider.held("shorter");
  const ended = valueOf<Outcome>(await call("interrupt_turn", { sessionId, turnId: turn.id }));
  expect(ended.turn.state).toBe("interrupted");
  expect(ended.next).toContain("Start another one to go on");
});

test("a turn that needs a decision comes back with it; once decided it goes on", async () => {
  const ask = (name: string, args: Record<string, unknown>) => deciding.client.callTool({ name, arguments: args });
  const { session } = valueOf<{ session: Session }>(await ask("create_session", { approvalPolicy: "on-request" }));
  const sessionId = session.id;
  const asked = valueOf<Outcome>(await ask("start_turn", { sessionId, prompt: "[[escalate: echo decided-by-ai]]" }));
  expect([asked.turn.state, asked.approvals?.length]).toEqual(["awaitingApproval", 1]);
  const approvalId = asked.approvals?.[0]?.id;
  const listed = valueOf<{ approvals: Approval[] }>(await call("list_approvals", { sessionId }));
  expect(listed.approvals.map(({ id }) => id)).toEqual([approvalId]);
  const decided = await ask("decide_approval", { approvalId, decision: "accept", note: "a test" });
  expect(valueOf<{ approval: Approval }>(decided).approval).toMatchObject({ decision: "accept", by: "client" });
  const done = valueOf<Outcome>(await ask("wait_turn", { sessionId, turnId: asked.turn.id }));
  expect(done.turn).toMatchObject({ state: "completed", text: expect.stringContaining("decided-by-ai") as string });
  const again = await ask("decide_approval", { approvalId, decision: "decline" });
  expect(textsOf(again)[0]).toMatch(/^approval_resolved \(409\)/);
});

test("what is wrong is said with its code and the next step", async () => {
  const unknown = await call("read_session", { sessionId: `ses_${"0".repeat(32)}` });
  expect([unknown.isError, textsOf(unknown)[0]]).toEqual([
    true,
    expect.stringMatching(/^session_not_found \(404\): .* Next: List the sessions, or create one\.$/),
  ]);
  const denied = await call("create_session", { sandbox: "danger-full-access" });
  expect(textsOf(denied)[0]).toMatch(/^policy_denied \(403\): .*policy\.json/);
  const wrong = await call("read_turn", { sessionId: "ses_1", turnId: "turn_1" });
  expect(textsOf(wrong)[0]).toContain("must be ses_ and 32 hex digits");
});

test("status and models", async () => {
  const status = valueOf<Record<string, unknown>>(await call("status"));
  expect(status).toMatchObject({ service: "conductor", mode: "running", codexd: { status: "ready" }, missing: [] });
  const { models } = valueOf<{ models: unknown[] }>(await call("list_models"));
  expect(models.length).toBeGreaterThan(0);
});

test("a session's conversation is a resource", async () => {
  const { sessionId } = valueOf<Conversation>(await call("codex", { prompt: "What? [[say: That.]]", title: "talk" }));
  const { resources } = await mcp.client.listResources();
  expect(resources.find(({ name }) => name === "talk")?.uri).toBe(`baa://sessions/${sessionId}`);
  const { contents } = await mcp.client.readResource({ uri: `baa://sessions/${sessionId}` });
  const [content] = contents;
  const text = content !== undefined && "text" in content ? content.text : "";
  expect(text).toMatch(/^# talk\n[^]*## Asked\n\nWhat\? [^]*## Codex\n\nThat\.\n/);
});

test("stdout carries the protocol alone, and the server ends with its client", async () => {
  const hello = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
  };
  const child = stack().spawn(["mcp", "codex"], { keepsStdin: true });
  let out = "";
  const answered = new Promise<void>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      if (out.includes('"id":2')) resolve();
    });
  });
  child.stdin.write(`${JSON.stringify(hello)}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n`);
  child.stdin.write('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"status","arguments":{}}}\n');
  await answered;
  child.stdin.end();
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code).toBe(0);
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { jsonrpc: string });
  expect(lines.map(({ jsonrpc }) => jsonrpc)).toEqual(["2.0", "2.0"]);
});

test("without a service it starts all the same, and says what was tried; one that is lost is found again", async () => {
  const nowhere = { BAA_CONDUCTOR_LOCAL_API: "http://127.0.0.1:9", BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:9" };
  const alone = await startMcp(stack(), { env: nowhere });
  const refused = await alone.client.callTool({ name: "status", arguments: {} });
  await alone.close();
  expect([refused.isError, textsOf(refused)[0]]).toEqual([
    true,
    expect.stringMatching(/^no_service: .*127\.0\.0\.1:9/s),
  ]);

  await stack().conductor.kill("SIGKILL");
  expect(valueOf<Record<string, unknown>>(await call("status"))).toMatchObject({ service: "codexd", missing: [] });
  expect(valueOf<Conversation>(await call("codex", { prompt: "[[say: still here]]" })).content).toBe("still here");
  expect(mcp.log()).toContain("conductor_down");
});

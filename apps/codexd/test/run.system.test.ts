import {
  type CreateRun,
  type Run,
  type RunDetail,
  RunDetailReply,
  RunList,
  RunReply,
  SessionList,
} from "@baa/contracts";
import type { LedgerEvent, PlainReply } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { createSession, problemOf, readSession, startTurn } from "./support/drive.ts";
import { startSystem, type System, useSystem } from "./support/system.ts";

const system = useSystem();
const RUNS = "/v1/codexd/runs";

const createRun = async (on: System, body: CreateRun, key?: string): Promise<Run> => {
  const reply = await on.ledger.post(RUNS, body, key === undefined ? {} : { "idempotency-key": key });
  expect([reply.status, reply.text]).toEqual([202, expect.any(String)]);
  return RunReply.parse(reply.json).run;
};
const readRun = async (on: System, { id }: Run, waitMs = 0): Promise<RunDetail> =>
  RunDetailReply.parse((await on.codexd.request("GET", `${RUNS}/${id}?waitMs=${waitMs}`)).json).run;
const cancel = (on: System, { id }: Run, key?: string): Promise<PlainReply> =>
  on.ledger.post(`${RUNS}/${id}/cancel`, {}, key === undefined ? {} : { "idempotency-key": key });
const eventsOf = (on: System, { id }: Run): LedgerEvent[] =>
  on.ledger.events().filter((event) => event["codexRunId"] === id);
/** The run's own end; its turn's stands right before it. */
const endOf = (on: System, { id }: Run): Promise<LedgerEvent> =>
  on.ledger.waitFor((event) => event["codexRunId"] === id && /^run\.(?!accepted)/.test(event.type));

/** The run has begun and ended once, each time beside its turn. */
const expectWhole = async (on: System, run: Run, end: string): Promise<void> => {
  await endOf(on, run);
  const events = eventsOf(on, run);
  expect(events.map(({ type }) => type)).toEqual(["turn.accepted", "run.accepted", `turn.${end}`, `run.${end}`]);
  const seqs = events.map(({ seq }) => seq) as [number, number, number, number];
  expect([seqs[1] - seqs[0], seqs[3] - seqs[2]]).toEqual([1, 1]);
  for (const event of events) expect(event).toMatchObject({ sessionId: run.sessionId, turnId: run.turnId });
};

describe("a run", () => {
  test("goes from the request to its answer; waitMs waits for it; its session is a worker's", async () => {
    const run = await createRun(system(), { input: "life-1", title: "a run", metadata: { ticket: "7" } });
    expect(run).toMatchObject({ state: "accepted", purpose: "worker" });
    const read = await readRun(system(), run, 20_000);
    expect(read).toMatchObject({ id: run.id, state: "completed", text: "You said: life-1", source: "log" });
    expect(read.items.map(({ type }) => type)).toEqual(["userMessage", "agentMessage"]);
    expect(read.usage).toMatchObject({ totalTokens: expect.any(Number) });
    expect(read).not.toHaveProperty("output");
    await expectWhole(system(), run, "completed");
    expect(await readSession(system(), run.sessionId)).toMatchObject({
      state: "idle",
      purpose: "worker",
      title: "a run",
      metadata: { ticket: "7" },
    });
    const people = SessionList.parse((await system().codexd.request("GET", "/v1/codexd/sessions")).json).sessions;
    expect(people.map(({ id }) => id)).not.toContain(run.sessionId);
    expect(system().provider.modelCalls("life-1")).toBe(1);
  });

  test("fails as its turn fails, by name", async () => {
    const run = await createRun(system(), { input: "[[failed=context_length_exceeded]] fails-1" });
    expect(await readRun(system(), run, 20_000)).toMatchObject({
      state: "failed",
      error: { code: "context_window_exceeded", retryable: false },
    });
    await expectWhole(system(), run, "failed");
  });

  test("ends at its own timeouts", async () => {
    const long = await createRun(system(), { input: "[[deltas=2000 interval=20]] time-1", timeoutMs: 1000 });
    const idle = await createRun(system(), { input: "[[hang]] time-2", idleTimeoutMs: 1000 });
    expect(await readRun(system(), long, 20_000)).toMatchObject({ state: "interrupted", reason: "timeout" });
    expect(await readRun(system(), idle, 20_000)).toMatchObject({ state: "interrupted", reason: "idle_timeout" });
    await expectWhole(system(), long, "interrupted");
  });

  test("is cancelled, once per key; one that has ended cannot be", async () => {
    const { provider } = system();
    const run = await createRun(system(), { input: "[[deltas=9 hold=cancel after=2]] cancel-1" });
    await provider.held("cancel");
    const first = await cancel(system(), run, "key-cancel");
    expect(first.status).toBe(202);
    expect(RunReply.parse(first.json).run).toMatchObject({ id: run.id, state: "running" });
    expect(await readRun(system(), run, 20_000)).toMatchObject({ state: "interrupted", reason: "requested" });
    expect((await cancel(system(), run, "key-cancel")).json).toEqual(first.json);
    await expectWhole(system(), run, "interrupted");
    expect(problemOf(await cancel(system(), run))).toEqual({ status: 409, code: "turn_ended" });
  });

  test("the same request with its key is one run, after kill -9 too", async () => {
    const body = { input: "once-1" };
    const run = await createRun(system(), body, "key-run");
    expect(await createRun(system(), body, "key-run")).toEqual(run);
    await system().ledger.waitForEnd(run.turnId);
    await system().codexd.restart({ signal: "SIGKILL" });
    expect(await createRun(system(), body, "key-run")).toEqual(run);
    expect(system().provider.modelCalls("once-1")).toBe(1);
  });

  test("that is not there is 404, and goes with its session", async () => {
    const { codexd, ledger } = system();
    const nobody = `${RUNS}/crun_00000000000000000000000000000000`;
    expect(problemOf(await codexd.request("GET", nobody))).toEqual({ status: 404, code: "run_not_found" });
    expect(problemOf(await ledger.post(`${nobody}/cancel`))).toEqual({ status: 404, code: "run_not_found" });
    const run = await createRun(system(), { input: "gone-1" });
    await ledger.waitForEnd(run.turnId);
    expect((await ledger.request("DELETE", `/v1/codexd/sessions/${run.sessionId}`)).status).toBe(200);
    expect(problemOf(await codexd.request("GET", `${RUNS}/${run.id}`))).toEqual({ status: 404, code: "run_not_found" });
  });

  test("asks for no more than a session may", async () => {
    const refused = await system().ledger.post(RUNS, { input: "x", sandbox: "danger-full-access" });
    expect(problemOf(refused)).toEqual({ status: 403, code: "policy_denied" });
    const strict = await system().ledger.post(RUNS, { input: "x", threadId: "t" });
    expect(problemOf(strict)).toEqual({ status: 422, code: "invalid" });
  });
});

describe("the answer's schema", () => {
  const schema = {
    type: "object",
    properties: { city: { type: "string" }, people: { type: "integer" } },
    required: ["city", "people"],
    additionalProperties: false,
  };
  const say = (answer: string): string => `[[say: ${answer}]]`;

  test("goes to the model with the prompt, and an answer that fits is the output", async () => {
    const input = `${say('{"city": "Rome", "people": 3}')} schema-1`;
    const run = await createRun(system(), { input, outputSchema: schema });
    const read = await readRun(system(), run, 20_000);
    expect(read).toMatchObject({ state: "completed", output: { city: "Rome", people: 3 } });
    expect(read).not.toHaveProperty("outputErrors");
    const asked = await system().provider.waitForRequest("schema-1");
    expect(asked.body).toMatchObject({ text: { format: { type: "json_schema", schema } } });
  });

  test("an answer that does not fit says where, and the run is completed all the same", async () => {
    const input = `${say('{"city": 7, "more": true}')} schema-2`;
    const run = await createRun(system(), { input, outputSchema: schema });
    const read = await readRun(system(), run, 20_000);
    expect(read.state).toBe("completed");
    expect(read.outputErrors).toEqual([
      { path: "", message: "must have required property 'people'" },
      { path: "", message: 'must NOT have additional properties: "more"' },
      { path: "/city", message: "must be string" },
    ]);
    const prose = await createRun(system(), { input: `${say("It is Rome.")} schema-3`, outputSchema: schema });
    expect((await readRun(system(), prose, 20_000)).outputErrors).toEqual([
      { path: "", message: expect.stringMatching(/^is not JSON: /) },
    ]);
  });

  test("is read from the log after a restart", async () => {
    const input = `${say('{"city": "Oslo", "people": 1}')} schema-4`;
    const run = await createRun(system(), { input, outputSchema: schema });
    await system().ledger.waitForEnd(run.turnId);
    await system().codexd.restart();
    expect((await readRun(system(), run)).output).toEqual({ city: "Oslo", people: 1 });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["no schema", { properties: { a: { type: "strng" } } }, "body.outputSchema/properties/a/type"],
    ["a reference to elsewhere", { items: { $ref: "https://example.org/x" } }, "body.outputSchema/items/$ref"],
    ["too large", { description: "x".repeat(65_536) }, "body.outputSchema"],
  ])("%s: refused, and it says where; nothing is made", async (_what, outputSchema, path) => {
    const before = (await listRuns(system(), "limit=500")).runs.length;
    const reply = await system().ledger.post(RUNS, { input: "schema-5", outputSchema });
    expect(problemOf(reply)).toEqual({ status: 422, code: "invalid" });
    expect((reply.json as { errors: unknown }).errors).toEqual([{ path, message: expect.any(String) }]);
    expect((await listRuns(system(), "limit=500")).runs).toHaveLength(before);
  });
});

const listRuns = async (on: System, query: string): Promise<RunList> =>
  RunList.parse((await on.codexd.request("GET", `${RUNS}?${query}`)).json);
type RunList = ReturnType<typeof RunList.parse>;

describe("many runs", () => {
  test("are listed newest first, by state, page by page, before and after kill -9", async (t) => {
    const own = await startSystem(t);
    const runs: Run[] = [];
    for (const n of [1, 2, 3]) runs.push(await createRun(own, { input: `list-${n}` }));
    const failed = await createRun(own, { input: "[[failed=context_length_exceeded]] list-4" });
    for (const { turnId } of [...runs, failed]) await own.ledger.waitForEnd(turnId);
    const ids = (list: RunList): string[] => list.runs.map(({ id }) => id);
    const completed = runs.map(({ id }) => id).toReversed();
    for (const signal of [undefined, "SIGKILL", "SIGTERM"] as const) {
      if (signal !== undefined) await own.codexd.restart({ signal });
      expect(ids(await listRuns(own, ""))).toEqual([failed.id, ...completed]);
      expect(ids(await listRuns(own, "state=completed"))).toEqual(completed);
      const page = await listRuns(own, "state=completed&limit=2");
      expect([ids(page), page.nextCursor]).toEqual([completed.slice(0, 2), completed[1]]);
      const rest = await listRuns(own, `state=completed&limit=2&cursor=${page.nextCursor}`);
      expect([ids(rest), rest.nextCursor]).toEqual([completed.slice(2), null]);
      expect(ids(await listRuns(own, "state=running"))).toEqual([]);
    }
    await own.ledger.assertConsistent();
  });

  test("count among the turns in progress: 429, and nothing is made", async (t) => {
    const small = await startSystem(t, { env: { BAA_CODEXD_TURNS_MAX: "1" } });
    const session = await createSession(small);
    const turn = await startTurn(small, session.id, "[[deltas=2 hold=full after=1]] full-1");
    await small.provider.held("full");
    const refused = await small.ledger.post(RUNS, { input: "full-2" }, { "idempotency-key": "full" });
    expect(problemOf(refused)).toEqual({ status: 429, code: "turns_full" });
    expect((await listRuns(small, "")).runs).toEqual([]);
    small.provider.release("full");
    await small.ledger.waitForEnd(turn.id);
    const run = await createRun(small, { input: "full-2" }, "full");
    expect((await readRun(small, run, 20_000)).state).toBe("completed");
  });
});

describe("kill -9", () => {
  test("of codexd in the middle of a run: it ends once, beside its turn, and the model was asked once", async () => {
    const { provider, codexd } = system();
    const run = await createRun(system(), { input: "[[deltas=9 hold=killed after=3]] killed-1" });
    await provider.held("killed");
    await system().ledger.waitFor(({ turnId, data }) => turnId === run.turnId && data["delta"] === "w2 ");
    await codexd.restart({ signal: "SIGKILL", until: "listening" });
    expect(await endOf(system(), run)).toMatchObject({ type: "run.interrupted", data: { reason: "child_exited" } });
    await expectWhole(system(), run, "interrupted");
    expect(await readRun(system(), run)).toMatchObject({ state: "interrupted", text: "w0 w1 w2 " });
    expect(provider.modelCalls("killed-1")).toBe(1);
  });

  test("of the child likewise", async () => {
    const { provider, codexd } = system();
    const run = await createRun(system(), { input: "[[deltas=9 hold=orphan after=3]] orphan-1" });
    await provider.held("orphan");
    process.kill(await codexd.childPid(), "SIGKILL");
    expect(await readRun(system(), run, 20_000)).toMatchObject({ state: "interrupted", reason: "child_exited" });
    await expectWhole(system(), run, "interrupted");
    expect(provider.modelCalls("orphan-1")).toBe(1);
  });

  test("right after the promise: the run comes to an end", async () => {
    const run = await createRun(system(), { input: "promise-1" });
    await system().codexd.restart({ signal: "SIGKILL" });
    const end = await endOf(system(), run);
    await expectWhole(system(), run, end.type.slice("run.".length));
    expect(system().provider.modelCalls("promise-1")).toBeLessThanOrEqual(1);
  });
});

test("all of the above left a consistent log", async () => {
  await system().ledger.assertConsistent();
});

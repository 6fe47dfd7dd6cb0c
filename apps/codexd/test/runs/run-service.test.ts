import fs from "node:fs";
import { ProblemError } from "@baa/http";
import { StorageFullError } from "@baa/storage";
import { describe, expect, test } from "vitest";
import { endTurnEvents } from "../../src/events/turn-end.ts";
import type { NewEvent } from "../../src/journal/journal.ts";
import { RunService } from "../../src/runs/run-service.ts";
import { Forwarder } from "../../src/turns/forwarder.ts";
import { FakeChild } from "../support/fake-child.ts";
import { toCodexInput } from "../support/input.ts";
import { AT } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { refusalOf } from "../support/problem.ts";
import { created, RUNNING } from "../support/records.ts";
import { openTurns } from "../support/turns.ts";

const setUp = async (events: readonly NewEvent[] = [], turnsMax = 2) => {
  const child = new FakeChild().answer("turn/start", ({ clientUserMessageId }) => ({
    turn: { id: `ctx_of_${String(clientUserMessageId)}` },
  }));
  child.answer("thread/start", ({ cwd, sandbox }) => ({
    thread: { id: `thr_in_${String(cwd)}` },
    cwd,
    model: "m",
    approvalPolicy: "on-request",
    sandbox: { type: sandbox === "read-only" ? "readOnly" : "workspaceWrite" },
  }));
  const opened = await openTurns({
    events,
    child,
    turnsMax,
    forwarderOn: ({ journal }) =>
      new Forwarder({
        child: child.port,
        journal,
        logger: fakeLogger().logger,
        toCodexInput,
        whenFree: async () => undefined,
        onUncertain: () => undefined,
      }),
  });
  const { journal, registries, sessions, forwarder, queue, turns } = opened;
  let ids = 0;
  const service = new RunService({
    journal,
    child: child.port,
    sessions,
    turns,
    forwarder,
    queue,
    toCodexInput,
    newId: () => `crun_${(ids += 1)}`,
    newTurnId: () => `turn_r${ids + 1}`,
  });
  /** The run's turn says this and ends. */
  const answered = async (turnId: string, text: string): Promise<void> => {
    const item = { id: "a1", type: "agentMessage", text };
    const turn = registries.turns.get(turnId)!;
    await journal.appendVisible([
      { type: "item.completed", sessionId: turn.sessionId, turnId, data: { item } },
      ...endTurnEvents(turn, { status: "completed" }),
    ]);
  };
  /** Resolves when the run's turn is with the child. */
  const running = (turnId: string): Promise<void> =>
    new Promise((resolve) =>
      journal.onEvent(() => void (registries.turns.get(turnId)?.state === "running" && resolve())),
    );
  return { ...opened, service, answered, running };
};

describe("a new run", () => {
  test("session, turn and run come into being in one batch; the reply is stored with the turn", async () => {
    const { service, after, running, child } = await setUp();
    const body = { input: "hello", title: "t", idleTimeoutMs: 5000, timeoutMs: 9000, outputSchema: { type: "object" } };
    const begun = running("turn_r1");
    const run = await service.create(body, { id: "k", digest: "d" });
    expect(run).toEqual({
      id: "crun_1",
      sessionId: "ses_new1",
      turnId: "turn_r1",
      state: "accepted",
      purpose: "worker",
      createdAt: AT,
    });
    const ids = { sessionId: "ses_new1", turnId: "turn_r1", codexRunId: "crun_1" };
    expect((await after()).slice(0, 3)).toEqual([
      {
        seq: 1,
        at: AT,
        type: "session.created",
        sessionId: "ses_new1",
        data: { session: expect.objectContaining({ id: "ses_new1", purpose: "worker", title: "t", state: "idle" }) },
      },
      {
        seq: 2,
        at: AT,
        type: "turn.accepted",
        ...ids,
        data: {
          origin: "client",
          input: "hello",
          outputSchema: { type: "object" },
          idleTimeoutMs: 5000,
          timeoutMs: 9000,
          idempotency: { id: "k", digest: "d", status: 202, body: { run } },
        },
      },
      { seq: 3, at: AT, type: "run.accepted", ...ids, data: {} },
    ]);
    await begun;
    expect(child.sent.at(-1)).toMatchObject({
      method: "turn/start",
      params: { clientUserMessageId: "turn_r1", outputSchema: { type: "object" } },
    });
  });

  test("with a purpose of its own", async () => {
    const { service } = await setUp();
    expect((await service.create({ input: "x", purpose: "review" }, undefined)).purpose).toBe("review");
  });

  const refusals: [string, Record<string, unknown>, string][] = [
    ["a schema that is none", { outputSchema: { type: "strng" } }, "invalid"],
    ["a blank input", { input: " " }, "invalid"],
    ["a sandbox that is not allowed", { sandbox: "danger-full-access" }, "policy_denied"],
    ["a cwd that is not there", { cwd: "~/nowhere" }, "invalid"],
  ];
  test.each(refusals)("%s: refused, nothing recorded", async (_what, body, code) => {
    const { service, after } = await setUp();
    expect((await refusalOf(service.create({ input: "x", ...body }, undefined))).code).toBe(code);
    expect(await after()).toEqual([]);
  });

  test("no child: 503, and as many turns as allowed: 429; nothing recorded", async () => {
    const { service, child, after } = await setUp([...RUNNING], 1);
    expect((await refusalOf(service.create({ input: "x" }, undefined))).code).toBe("turns_full");
    child.ensureReady = async () => {
      throw new ProblemError("child_unavailable");
    };
    const other = await setUp();
    other.child.ensureReady = child.ensureReady;
    expect((await refusalOf(other.service.create({ input: "x" }, undefined))).code).toBe("child_unavailable");
    expect([await after(), await other.after()]).toEqual([[], []]);
  });
});

test("a run that could not be written leaves no directory behind", async () => {
  const { service, journal, dir } = await setUp();
  journal.append = () => {
    throw new StorageFullError("events.jsonl");
  };
  const before = fs.readdirSync(dir);
  await expect(service.create({ input: "x" }, undefined)).rejects.toThrow(StorageFullError);
  expect(fs.readdirSync(dir)).toEqual(before);
});

describe("read", () => {
  test("a run with its text; its end is its turn's, beside it", async () => {
    const { service, answered, after, running } = await setUp();
    const begun = running("turn_r1");
    await service.create({ input: "x" }, undefined);
    await begun;
    await answered("turn_r1", "hi");
    expect(await service.read("crun_1", 0)).toEqual({
      id: "crun_1",
      sessionId: "ses_new1",
      turnId: "turn_r1",
      state: "completed",
      purpose: "worker",
      createdAt: AT,
      startedAt: AT,
      endedAt: AT,
      text: "hi",
      items: [{ itemId: "a1", type: "agentMessage", state: "completed", text: "hi" }],
      source: "log",
    });
    const ids = { sessionId: "ses_new1", turnId: "turn_r1", codexRunId: "crun_1" };
    expect((await after()).slice(-2)).toMatchObject([
      { type: "turn.completed", ...ids },
      { type: "run.completed", ...ids },
    ]);
    expect((await refusalOf(service.read("crun_9", 0))).code).toBe("run_not_found");
  });

  test("waits for the end when asked to; the answer is checked with the schema from the log", async () => {
    const { service, answered, running } = await setUp();
    const outputSchema = { type: "object", required: ["a"] };
    const begun = [running("turn_r1"), running("turn_r2")];
    await service.create({ input: "x", outputSchema }, undefined);
    await service.create({ input: "x", outputSchema }, undefined);
    await Promise.all(begun);
    expect(await service.read("crun_1", 0)).not.toHaveProperty("outputErrors");
    const read = service.read("crun_1", 3_600_000);
    await answered("turn_r1", '{"a": 1}');
    expect(await read).toMatchObject({ state: "completed", output: { a: 1 } });
    await answered("turn_r2", "{}");
    const unfit = await service.read("crun_2", 0);
    expect(unfit.outputErrors).toEqual([{ path: "", message: "must have required property 'a'" }]);
    expect(unfit).not.toHaveProperty("output");
  });

  test("the list, newest first, by state and by page", async () => {
    const { service, answered, running } = await setUp([], 8);
    const begun = running("turn_r2");
    for (let i = 0; i < 3; i += 1) await service.create({ input: "x" }, undefined);
    await begun;
    await answered("turn_r2", "hi");
    const idsOf = (query: Parameters<RunService["list"]>[0]) => service.list(query).rows.map(({ id }) => id);
    expect(idsOf({ limit: 5 })).toEqual(["crun_3", "crun_2", "crun_1"]);
    expect(idsOf({ limit: 5, state: "completed" })).toEqual(["crun_2"]);
    expect(service.list({ limit: 2 }).nextCursor).toBe("crun_2");
    expect(idsOf({ limit: 2, cursor: "crun_2" })).toEqual(["crun_1"]);
  });
});

describe("cancel", () => {
  test("of a running run is recorded; of one that was not forwarded ends it at once, run and turn", async () => {
    const { service, child, registries, after } = await setUp();
    child.hold("thread/start");
    await service.create({ input: "x" }, undefined);
    const run = await service.cancel("crun_1", { id: "k", digest: "d" });
    expect(run).toMatchObject({ id: "crun_1", state: "interrupted", reason: "requested" });
    expect(registries.sessions.reply("k")).toMatchObject({ status: 202, body: { run } });
    expect((await after()).map(({ type }) => type)).toEqual([
      "session.created",
      "turn.accepted",
      "run.accepted",
      "turn.interruptRequested",
      "turn.interrupted",
      "run.interrupted",
    ]);
  });

  test("of one that has ended: 409; of none: 404", async () => {
    const { service, answered, running } = await setUp();
    const begun = running("turn_r1");
    await service.create({ input: "x" }, undefined);
    await begun;
    expect((await service.cancel("crun_1", undefined)).state).toBe("running");
    await answered("turn_r1", "hi");
    expect(await refusalOf(service.cancel("crun_1", undefined))).toMatchObject({
      code: "turn_ended",
      detail: "Run crun_1 is completed.",
    });
    expect((await refusalOf(service.cancel("crun_2", undefined))).code).toBe("run_not_found");
  });
});

describe("after a crash between the events of one batch", () => {
  const IDS = { sessionId: "ses_1", turnId: "turn_1", codexRunId: "crun_1" };
  const TORN: NewEvent[] = [created(), { type: "turn.accepted", ...IDS, data: { input: "x" } }];

  test("what is missing of the run is added, once", async () => {
    const { service, after } = await setUp([...TORN, { type: "turn.interrupted", ...IDS, data: { reason: "r" } }]);
    service.mend();
    service.mend();
    expect(await after()).toMatchObject([
      { type: "run.accepted", ...IDS },
      { type: "run.interrupted", ...IDS, data: { reason: "r" } },
    ]);
  });

  test("nothing is added where nothing is missing", async () => {
    const { service, after } = await setUp([...TORN, { type: "run.accepted", ...IDS, data: {} }]);
    service.mend();
    expect(await after()).toEqual([]);
    expect(service.list({ limit: 5 }).rows).toMatchObject([{ id: "crun_1", state: "accepted", purpose: "chat" }]);
  });
});

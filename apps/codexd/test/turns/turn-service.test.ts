import { RequestTimeoutError, RpcError } from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { SessionService } from "../../src/sessions/session-service.ts";
import type { Forwarder } from "../../src/turns/forwarder.ts";
import { HistoryReader } from "../../src/turns/history-reader.ts";
import { TurnQueue } from "../../src/turns/turn-queue.ts";
import { TurnService } from "../../src/turns/turn-service.ts";
import { TurnWaiters } from "../../src/turns/turn-waiters.ts";
import { FakeChild } from "../support/fake-child.ts";
import { toCodexInput } from "../support/input.ts";
import { AT, openJournal } from "../support/journal.ts";
import { accepted, created, event, itemCompleted, RUNNING } from "../support/records.ts";

const BODY = { input: "hello", ifBusy: "reject" as const };
const QUEUE = { input: "hello", ifBusy: "queue" as const };

const setUp = async (events: readonly NewEvent[] = [created()], turnsMax = 2) => {
  const opened = await openJournal({ events });
  const { journal, log } = opened;
  const child = new FakeChild().answer("turn/steer", () => ({ turnId: "ctx_1" }));
  const policy = {
    sandbox: ["read-only" as const],
    approvalPolicy: ["on-request" as const],
    execpolicyAmendments: false,
    cwdRoots: ["~"],
  };
  const cwdRules = { roots: ["~"], homeDir: opened.dir, forbidden: [] };
  const sessions = new SessionService({
    journal,
    policy,
    cwdRules,
    scratchDir: opened.dir,
    files: { removeSession: async () => undefined },
    newId: () => "ses_new",
    now: () => AT,
  });
  const forwarded: { turnId: string; head: number }[] = [];
  const forwarder = {
    forward: async (turnId: string) => void forwarded.push({ turnId, head: log.head() }),
    has: (turnId: string) => forwarded.some((one) => one.turnId === turnId),
    queuedInHand: 0,
  } as unknown as Forwarder;
  let made = 0;
  const service = new TurnService({
    journal,
    child: child.port,
    sessions,
    forwarder,
    queue: new TurnQueue({ child: child.port, journal, forwarder, turnsMax }),
    waiters: new TurnWaiters(journal),
    history: new HistoryReader(child.port, journal),
    toCodexInput,
    newId: () => `turn_new${(made += 1)}`,
    newInputId: () => "inp_1",
  });
  const after = async () => (await opened.events()).slice(events.length);
  return { ...opened, child, sessions, service, forwarded, after };
};
const refusalOf = async (promise: Promise<unknown>): Promise<ProblemError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw new Error("no problem came", { cause: error });
  return error;
};

describe("start", () => {
  test("202 is a promise: on disk, then forwarded", async () => {
    const { service, forwarded, after } = await setUp();
    const body = { ...BODY, idleTimeoutMs: 5000, timeoutMs: 9000 };
    const turn = await service.start("ses_1", body, { id: "k", digest: "d" });
    expect(turn).toEqual({ id: "turn_new1", sessionId: "ses_1", state: "accepted", origin: "client", createdAt: AT });
    expect(forwarded).toEqual([{ turnId: "turn_new1", head: 2 }]);
    expect(await after()).toEqual([
      {
        seq: 2,
        at: AT,
        type: "turn.accepted",
        sessionId: "ses_1",
        turnId: "turn_new1",
        data: {
          origin: "client",
          input: "hello",
          idleTimeoutMs: 5000,
          timeoutMs: 9000,
          idempotency: { id: "k", digest: "d", status: 202, body: { turn } },
        },
      },
    ]);
  });

  test("with an output schema: on disk with the turn; one that cannot be used is refused, nothing is recorded", async () => {
    const { service, after } = await setUp();
    const refused = await refusalOf(service.start("ses_1", { ...BODY, outputSchema: { type: "strng" } }, undefined));
    expect(refused).toMatchObject({ code: "invalid", extra: { errors: [{ path: "body.outputSchema/type" }] } });
    expect(await after()).toEqual([]);
    await service.start("ses_1", { ...BODY, outputSchema: { type: "object" } }, undefined);
    expect(await after()).toMatchObject([{ type: "turn.accepted", data: { outputSchema: { type: "object" } } }]);
  });

  test("one turn per session at a time: 409 with the id of the other", async () => {
    const { service, after } = await setUp([...RUNNING]);
    const refused = await refusalOf(service.start("ses_1", BODY, undefined));
    expect(refused).toMatchObject({ code: "turn_active", status: 409, extra: { turnId: "turn_1" } });
    expect(await after()).toEqual([]);
  });

  test("none while something is done to the session's thread, and then by what has become of it", async () => {
    const { service, sessions, journal, forwarded, types } = await setUp();
    let end!: () => void;
    const held = sessions.gate.run("ses_1", async () => {
      await new Promise<void>((resolve) => (end = resolve));
      journal.append([event("session.updated", { session: { ...sessions.view("ses_1"), archived: true } })]);
    });
    const started = refusalOf(service.start("ses_1", BODY, undefined));
    await new Promise((resolve) => void setImmediate(resolve));
    expect([forwarded, await types(1)]).toEqual([[], []]);
    end();
    await held;
    expect((await started).code).toBe("session_archived");
    expect(await types(1)).toEqual(["session.updated"]);
  });

  test("two at once: one is taken", async () => {
    const { service, forwarded } = await setUp();
    const results = await Promise.allSettled([
      service.start("ses_1", BODY, undefined),
      service.start("ses_1", BODY, undefined),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(forwarded).toHaveLength(1);
  });

  test("a turn that began while the child was waited for: 409", async () => {
    const { service, child, journal, forwarded } = await setUp();
    child.ensureReady = async () => void journal.append([accepted()]);
    expect((await refusalOf(service.start("ses_1", BODY, undefined))).code).toBe("turn_active");
    expect(forwarded).toEqual([]);
  });

  test("no child: 503, nothing recorded", async () => {
    const { service, child, after } = await setUp();
    child.ensureReady = async () => {
      throw new ProblemError("child_unavailable", undefined, { retryAfterS: 5 });
    };
    expect(await refusalOf(service.start("ses_1", BODY, undefined))).toMatchObject({ status: 503, retryAfterS: 5 });
    expect(await after()).toEqual([]);
  });

  test("as many turns as allowed: 429", async () => {
    const { service } = await setUp([...RUNNING, created({ id: "ses_2", threadId: "thr_2" })], 1);
    expect(await refusalOf(service.start("ses_2", BODY, undefined))).toMatchObject({ code: "turns_full", status: 429 });
  });

  test("archived, unknown, blank: refused by name", async () => {
    const { service } = await setUp([created({ archived: true })]);
    expect((await refusalOf(service.start("ses_1", BODY, undefined))).code).toBe("session_archived");
    expect((await refusalOf(service.start("ses_9", BODY, undefined))).code).toBe("session_not_found");
    expect((await refusalOf(service.start("ses_1", { ...BODY, input: " " }, undefined))).code).toBe("invalid");
    expect((await refusalOf(service.start("ses_1", QUEUE, undefined))).code).toBe("session_archived");
  });
});

describe("ifBusy: queue", () => {
  const IDS = { sessionId: "ses_1", turnId: "turn_new1" };

  test("behind a running turn: accepted as queued, on disk, not forwarded", async () => {
    const { service, forwarded, after, registries } = await setUp([...RUNNING]);
    const turn = await service.start("ses_1", { ...QUEUE, timeoutMs: 9000 }, { id: "k", digest: "d" });
    expect(turn).toEqual({
      id: "turn_new1",
      sessionId: "ses_1",
      state: "accepted",
      origin: "client",
      queued: true,
      createdAt: AT,
    });
    expect(await after()).toEqual([
      {
        seq: 5,
        at: AT,
        type: "turn.accepted",
        ...IDS,
        data: {
          origin: "client",
          queued: true,
          input: "hello",
          timeoutMs: 9000,
          idempotency: { id: "k", digest: "d", status: 202, body: { turn } },
        },
      },
    ]);
    expect(forwarded).toEqual([]);
    expect(registries.sessionView(registries.sessions.get("ses_1")!)).toMatchObject({
      state: "running",
      activeTurnId: "turn_1",
      queuedTurns: 1,
    });
  });

  test("in a free session it is a turn like any other", async () => {
    const { service, forwarded } = await setUp();
    expect(await service.start("ses_1", QUEUE, undefined)).not.toHaveProperty("queued");
    expect(forwarded.map(({ turnId }) => turnId)).toEqual(["turn_new1"]);
  });

  test("behind another turn no child is waited for; in a free session there must be one", async () => {
    const { service, child, journal } = await setUp([...RUNNING]);
    child.ensureReady = async () => {
      throw new ProblemError("child_unavailable");
    };
    expect((await service.start("ses_1", QUEUE, undefined)).queued).toBe(true);
    journal.append([event("turn.completed"), event("turn.interrupted", {}, IDS)]);
    expect((await refusalOf(service.start("ses_1", QUEUE, undefined))).code).toBe("child_unavailable");
  });

  test("as many turns in progress as allowed: it waits, and does not count itself", async () => {
    const { service, registries } = await setUp([...RUNNING, created({ id: "ses_2", threadId: "thr_2" })], 1);
    expect((await service.start("ses_2", QUEUE, undefined)).queued).toBe(true);
    expect((await refusalOf(service.start("ses_2", BODY, undefined))).code).toBe("turn_active");
    expect([registries.turns.activeCount, registries.turns.queuedCount]).toEqual([1, 1]);
  });

  test("a turn that began while the child was waited for: it waits behind it", async () => {
    const { service, child, journal } = await setUp();
    child.ensureReady = async () => void journal.append([accepted()]);
    expect((await service.start("ses_1", QUEUE, undefined)).queued).toBe(true);
  });

  test("32 wait at most; then 429, and there is room again when one is cancelled", async () => {
    const { service } = await setUp([...RUNNING]);
    for (let i = 0; i < 32; i += 1) await service.start("ses_1", QUEUE, undefined);
    const refused = await refusalOf(service.start("ses_1", QUEUE, undefined));
    expect(refused).toMatchObject({ code: "queue_full", status: 429, retryAfterS: 5 });
    expect(await service.interrupt("ses_1", "turn_new7", undefined)).toMatchObject({ state: "interrupted" });
    expect((await service.start("ses_1", QUEUE, undefined)).queued).toBe(true);
  });

  test("an interrupt takes it out of the queue at once; its record says nothing of a queue any more", async () => {
    const { service, after, registries } = await setUp([...RUNNING]);
    await service.start("ses_1", QUEUE, undefined);
    const turn = await service.interrupt("ses_1", "turn_new1", { id: "k", digest: "d" });
    expect(turn).toMatchObject({ state: "interrupted", reason: "requested" });
    expect(turn).not.toHaveProperty("queued");
    expect(registries.sessions.reply("k")?.body).toEqual({ turn });
    expect((await after()).map(({ type }) => type)).toEqual([
      "turn.accepted",
      "turn.interruptRequested",
      "turn.interrupted",
    ]);
    expect(registries.turns.queuedOf("ses_1")).toEqual([]);
  });

  test("it cannot be steered, and its session not be deleted", async () => {
    const { service, sessions, journal } = await setUp([...RUNNING]);
    await service.start("ses_1", QUEUE, undefined);
    const refused = await refusalOf(service.steer("ses_1", "turn_new1", "more", undefined));
    expect(refused).toMatchObject({ code: "turn_not_steerable", detail: "Turn turn_new1 is queued." });
    journal.append([event("turn.completed")]);
    expect((await refusalOf(sessions.delete("ses_1", undefined))).code).toBe("turn_active");
  });
});

describe("steer", () => {
  test("is on disk before the child is asked, and carries the turn it expects", async () => {
    const { service, child, after } = await setUp([...RUNNING]);
    const reply = await service.steer("ses_1", "turn_1", "more", undefined);
    expect(reply).toMatchObject({ inputId: "inp_1", turn: { id: "turn_1", state: "running" } });
    expect(child.sent).toEqual([
      {
        method: "turn/steer",
        params: {
          threadId: "thr_1",
          expectedTurnId: "ctx_1",
          clientUserMessageId: "inp_1",
          input: [{ type: "text", text: "more", text_elements: [] }],
        },
      },
    ]);
    expect(await after()).toMatchObject([
      { type: "turn.steered", data: { inputId: "inp_1", input: "more", consumed: false } },
    ]);
  });

  test("the child refuses: 409, and that is recorded", async () => {
    const { service, child, after } = await setUp([...RUNNING]);
    child.answer("turn/steer", () => {
      throw new RpcError({ code: -32600, message: "no active turn to steer" });
    });
    expect(await refusalOf(service.steer("ses_1", "turn_1", "more", undefined))).toMatchObject({
      code: "turn_not_steerable",
      status: 409,
    });
    expect((await after()).map(({ data }) => data)).toMatchObject([
      { consumed: false },
      { consumed: false, rejected: "no active turn to steer" },
    ]);
  });

  test("no answer: not called refused, since it may have been taken", async () => {
    const { service, child } = await setUp([...RUNNING]);
    child.answer("turn/steer", () => {
      throw new RequestTimeoutError({ method: "turn/steer", timeoutMs: 1, sent: true });
    });
    const error = await service.steer("ses_1", "turn_1", "more", undefined).catch((thrown: unknown) => thrown);
    expect((error as { code?: string }).code).not.toBe("turn_not_steerable");
  });

  test("the turn ended while the child was waited for: refused, nothing recorded", async () => {
    const { service, child, journal, after } = await setUp([...RUNNING]);
    child.ensureReady = async () => void journal.append([event("turn.completed")]);
    expect((await refusalOf(service.steer("ses_1", "turn_1", "more", undefined))).code).toBe("turn_ended");
    expect((await after()).map(({ type }) => type)).toEqual(["turn.completed"]);
  });

  test("what became of each input is read with the turn", async () => {
    const { service, journal } = await setUp([...RUNNING]);
    await service.steer("ses_1", "turn_1", "more", undefined);
    expect((await service.read("ses_1", "turn_1", 0)).steers).toEqual([{ inputId: "inp_1", state: "sent" }]);
    await journal.appendVisible([event("turn.steered", { inputId: "inp_1", consumed: true })]);
    expect((await service.read("ses_1", "turn_1", 0)).steers).toEqual([{ inputId: "inp_1", state: "consumed" }]);
  });

  test("ended, not begun, unknown: refused by name, nobody is asked", async () => {
    const { service, child } = await setUp([...RUNNING, event("turn.completed"), accepted({ turnId: "turn_2" })]);
    expect((await refusalOf(service.steer("ses_1", "turn_1", "more", undefined))).code).toBe("turn_ended");
    expect((await refusalOf(service.steer("ses_1", "turn_2", "more", undefined))).code).toBe("turn_not_steerable");
    expect((await refusalOf(service.steer("ses_2", "turn_1", "more", undefined))).code).toBe("turn_not_found");
    expect(child.sent).toEqual([]);
  });
});

describe("interrupt", () => {
  test("of a running turn is recorded; its end follows", async () => {
    const { service, after } = await setUp([...RUNNING]);
    expect(await service.interrupt("ses_1", "turn_1", undefined)).toMatchObject({
      state: "running",
      interruptRequestedAt: AT,
    });
    expect((await after()).map(({ type }) => type)).toEqual(["turn.interruptRequested"]);
  });

  const states: [string, readonly NewEvent[]][] = [
    ["running", RUNNING],
    ["accepted", [created(), accepted()]],
  ];
  test.each(states)("the reply stored for its key is the one that was given (%s)", async (_state, events) => {
    const { service, registries } = await setUp(events);
    const turn = await service.interrupt("ses_1", "turn_1", { id: "k", digest: "d" });
    expect(registries.sessions.reply("k")).toMatchObject({ status: 202, body: { turn } });
    expect(registries.sessions.reply("k")?.body).toEqual({ turn });
  });

  test("of a turn that was not forwarded yet ends it at once", async () => {
    const { service, after } = await setUp([created(), accepted()]);
    expect(await service.interrupt("ses_1", "turn_1", undefined)).toMatchObject({
      state: "interrupted",
      reason: "requested",
    });
    expect((await after()).map(({ type }) => type)).toEqual(["turn.interruptRequested", "turn.interrupted"]);
  });

  test("of a turn that has ended: 409", async () => {
    const { service } = await setUp([...RUNNING, event("turn.completed")]);
    expect((await refusalOf(service.interrupt("ses_1", "turn_1", undefined))).code).toBe("turn_ended");
  });
});

describe("read and list", () => {
  const DONE = [...RUNNING, itemCompleted("a1", "agentMessage", { text: "hi" }), event("turn.completed")];

  test("a turn with its text, from the log", async () => {
    const { service } = await setUp(DONE);
    expect(await service.read("ses_1", "turn_1", 0)).toMatchObject({
      id: "turn_1",
      state: "completed",
      text: "hi",
      source: "log",
      items: [{ itemId: "a1" }],
    });
    expect((await refusalOf(service.read("ses_1", "turn_9", 0))).code).toBe("turn_not_found");
    expect((await refusalOf(service.read("ses_9", "turn_1", 0))).code).toBe("turn_not_found");
  });

  test("with an output schema: the answer as JSON once it is complete, or where it does not fit", async () => {
    const { service, journal } = await setUp();
    const outputSchema = { type: "object", required: ["a"] };
    const ids = { sessionId: "ses_1" };
    for (const [text, read] of [
      ['{"a": 1}', { output: { a: 1 } }],
      ["{}", { outputErrors: [{ path: "", message: "must have required property 'a'" }] }],
    ] as const) {
      const { id: turnId } = await service.start("ses_1", { ...BODY, outputSchema }, undefined);
      journal.append([{ type: "turn.started", ...ids, turnId, data: { codexTurnId: turnId } }]);
      const item = { id: `a-${turnId}`, type: "agentMessage", text };
      journal.append([{ type: "item.completed", ...ids, turnId, data: { item } }]);
      expect(await service.read("ses_1", turnId, 0)).not.toHaveProperty("outputErrors");
      journal.append([{ type: "turn.completed", ...ids, turnId, data: {} }]);
      expect(await service.read("ses_1", turnId, 0)).toMatchObject(read);
    }
  });

  test("waits for the end when asked to", async () => {
    const { service, journal } = await setUp([...RUNNING]);
    const read = service.read("ses_1", "turn_1", 3_600_000);
    journal.append([event("turn.completed")]);
    expect((await read).state).toBe("completed");
  });

  test("newest first, without text", async () => {
    const { service } = await setUp([...DONE, accepted({ turnId: "turn_2" })]);
    expect(service.list("ses_1", { limit: 5 }).rows.map(({ id }) => id)).toEqual(["turn_2", "turn_1"]);
    expect(() => service.list("ses_9", { limit: 5 })).toThrow("There is no session ses_9.");
  });
});

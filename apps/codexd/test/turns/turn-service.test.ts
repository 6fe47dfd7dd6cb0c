import { RequestTimeoutError, RpcError } from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { SessionService } from "../../src/sessions/session-service.ts";
import type { Forwarder } from "../../src/turns/forwarder.ts";
import { HistoryReader } from "../../src/turns/history-reader.ts";
import { TurnService } from "../../src/turns/turn-service.ts";
import { TurnWaiters } from "../../src/turns/turn-waiters.ts";
import { FakeChild } from "../support/fake-child.ts";
import { AT, openJournal } from "../support/journal.ts";
import { accepted, created, event, itemCompleted, RUNNING } from "../support/records.ts";

const BODY = { input: "hello", ifBusy: "reject" as const };

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
    newId: () => "ses_new",
    now: () => AT,
  });
  const forwarded: { turnId: string; head: number }[] = [];
  const forwarder = {
    forward: async (turnId: string) => void forwarded.push({ turnId, head: log.head() }),
  } as unknown as Forwarder;
  let made = 0;
  const service = new TurnService({
    journal,
    child: child.port,
    sessions,
    forwarder,
    waiters: new TurnWaiters(journal),
    history: new HistoryReader(child.port, journal),
    turnsMax,
    newId: () => `turn_new${(made += 1)}`,
    newInputId: () => "inp_1",
  });
  const after = async () => (await opened.events()).slice(events.length);
  return { ...opened, child, service, forwarded, after };
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

  test("one turn per session at a time: 409 with the id of the other", async () => {
    const { service, after } = await setUp([...RUNNING]);
    const refused = await refusalOf(service.start("ses_1", BODY, undefined));
    expect(refused).toMatchObject({ code: "turn_active", status: 409, extra: { turnId: "turn_1" } });
    expect(await after()).toEqual([]);
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

  test("archived, unknown, blank, queued: refused by name", async () => {
    const { service } = await setUp([created({ archived: true })]);
    expect((await refusalOf(service.start("ses_1", BODY, undefined))).code).toBe("session_archived");
    expect((await refusalOf(service.start("ses_9", BODY, undefined))).code).toBe("session_not_found");
    expect((await refusalOf(service.start("ses_1", { ...BODY, input: " " }, undefined))).code).toBe("invalid");
    expect((await refusalOf(service.start("ses_1", { ...BODY, ifBusy: "queue" }, undefined))).code).toBe(
      "not_implemented",
    );
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

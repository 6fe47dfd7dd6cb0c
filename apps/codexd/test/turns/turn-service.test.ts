import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import { AT } from "../support/journal.ts";
import { refusalOf } from "../support/problem.ts";
import { accepted, created, event, itemCompleted, RUNNING } from "../support/records.ts";
import { BODY, QUEUE, setUp } from "../support/turn-service.ts";

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

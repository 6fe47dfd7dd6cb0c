import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import { AT } from "../support/journal.ts";
import { refusalOf } from "../support/problem.ts";
import { accepted, created, event, RUNNING } from "../support/records.ts";
import { BODY, QUEUE, setUp } from "../support/turn-service.ts";

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

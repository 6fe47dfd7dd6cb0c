import { RequestTimeoutError, RpcError } from "@baa/codex-app-server";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { AT } from "../support/journal.ts";
import { refusalOf } from "../support/problem.ts";
import { accepted, created, event, RUNNING } from "../support/records.ts";
import { setUp } from "../support/turn-service.ts";

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

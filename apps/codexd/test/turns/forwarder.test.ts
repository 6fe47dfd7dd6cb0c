import { ChildUnavailableError } from "@baa/codex-app-server";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { Forwarder } from "../../src/turns/forwarder.ts";
import { FakeChild } from "../support/fake-child.ts";
import { toCodexInput } from "../support/input.ts";
import { openJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { accepted, created, createdBare, event, forwarding, started } from "../support/records.ts";

const setUp = async (
  events: readonly NewEvent[] = [created(), accepted()],
  whenFree: () => Promise<void> = async () => undefined,
) => {
  const opened = await openJournal({ events });
  const child = new FakeChild().answerThreads().answer("turn/start", () => ({ turn: { id: "ctx_1" } }));
  const { logger } = fakeLogger();
  const uncertain: string[] = [];
  const forwarder = new Forwarder({
    child: child.port,
    journal: opened.journal,
    logger,
    toCodexInput,
    whenFree,
    onUncertain: (turnId) => uncertain.push(turnId),
  });
  const turn = () => opened.registries.turns.get("turn_1");
  return { ...opened, child, forwarder, uncertain, turn, before: events.length };
};

describe("the way of a turn to the child (I2)", () => {
  test("thread, then turn.forwarding on disk, then the line, then turn.started from the reply", async () => {
    const { child, forwarder, log, types, turn, before } = await setUp();
    let visible = 0;
    child.answer("turn/start", () => {
      visible = log.head();
      return { turn: { id: "ctx_1" } };
    });
    await forwarder.forward("turn_1");
    expect(child.sent).toEqual([
      {
        method: "thread/resume",
        params: {
          threadId: "thr_1",
          excludeTurns: true,
          cwd: "/home/u/project",
          sandbox: "read-only",
          approvalPolicy: "on-request",
        },
      },
      {
        method: "turn/start",
        params: {
          threadId: "thr_1",
          clientUserMessageId: "turn_1",
          input: [{ type: "text", text: "hello", text_elements: [] }],
        },
      },
    ]);
    expect(visible).toBe(before + 1);
    expect(await types(before)).toEqual(["turn.forwarding", "turn.started"]);
    expect(turn()).toMatchObject({ state: "running", codexTurnId: "ctx_1" });
  });

  test("turn.forwarding names the child", async () => {
    const { child, forwarder, events } = await setUp();
    child.generation = 7;
    await forwarder.forward("turn_1");
    expect((await events())[2]).toMatchObject({
      type: "turn.forwarding",
      sessionId: "ses_1",
      turnId: "turn_1",
      data: { generation: 7 },
    });
  });

  test("the first turn of a session starts its thread and records it before the turn goes out", async () => {
    const { child, forwarder, registries, types, before } = await setUp([createdBare(), accepted()]);
    await forwarder.forward("turn_1");
    expect(child.methods()).toEqual(["thread/start", "turn/start"]);
    expect(await types(before)).toEqual(["session.updated", "turn.forwarding", "turn.started"]);
    expect(registries.sessions.get("ses_1")).toMatchObject({ threadId: "thr_1", durable: true });
  });

  test("a thread that this child has loaded is not loaded again", async () => {
    const { child, forwarder } = await setUp();
    child.markLoaded("thr_1", true);
    await forwarder.forward("turn_1");
    expect(child.methods()).toEqual(["turn/start"]);
  });

  test("an acceptance that is not on disk yet is waited for", async () => {
    const { journal, child, forwarder, log, turn } = await setUp([created()]);
    journal.append([accepted()]);
    expect(log.head()).toBe(1);
    await forwarder.forward("turn_1");
    expect(child.methods()).toEqual(["thread/resume", "turn/start"]);
    expect(turn()?.state).toBe("running");
  });
});

describe("what it takes along, and what it waits for", () => {
  test("the schema of the answer", async () => {
    const outputSchema = { type: "object", properties: { a: { type: "string" } } };
    const { child, forwarder } = await setUp([created(), accepted({}, { outputSchema })]);
    await forwarder.forward("turn_1");
    expect(child.sent.at(-1)).toMatchObject({ method: "turn/start", params: { outputSchema } });
  });

  test("nothing is sent while something is being done to the thread", async () => {
    let free: () => void = () => undefined;
    const whenFree = () => new Promise<void>((resolve) => (free = resolve));
    const { child, forwarder, log, turn } = await setUp([created(), accepted()], whenFree);
    const forwarded = forwarder.forward("turn_1");
    await log.whenVisible(2);
    expect([forwarder.has("turn_1"), child.sent]).toEqual([true, []]);
    free();
    await forwarded;
    expect(turn()?.state).toBe("running");
    expect(forwarder.has("turn_1")).toBe(false);
  });

  test("a turn that ended in that time never goes out", async () => {
    const { child, forwarder, journal } = await setUp([created(), accepted()], async () => {
      journal.append([event("turn.interrupted")]);
    });
    await forwarder.forward("turn_1");
    expect(child.sent).toEqual([]);
  });

  test("a file of the input is gone by now: failed by name", async () => {
    const input = [{ type: "localImage", path: "/nonexistent/a.png" }];
    const { child, forwarder, turn } = await setUp([created(), accepted({}, { input })]);
    await forwarder.forward("turn_1");
    expect(turn()).toMatchObject({ state: "failed", error: { code: "input_gone", retryable: false } });
    expect(child.sent).toEqual([]);
  });
});

describe("at most once (I3)", () => {
  const starts = (child: FakeChild): number => child.methods().filter((method) => method === "turn/start").length;

  test("however often it is asked for", async () => {
    const { child, forwarder } = await setUp();
    await Promise.all([forwarder.forward("turn_1"), forwarder.forward("turn_1"), forwarder.forward("turn_1")]);
    await forwarder.forward("turn_1");
    expect(child.methods()).toEqual(["thread/resume", "turn/start"]);
  });

  const found: [string, NewEvent[]][] = [
    ["forwarding", [forwarding()]],
    ["running", [forwarding(), started()]],
    ["awaitingApproval", [forwarding(), started(), event("approval.requested", {}, { approvalId: "a" })]],
    ["failed", [event("turn.failed")]],
    ["interrupted", [event("turn.interrupted")]],
  ];
  test.each(found)("a turn found %s is never written again", async (state, events) => {
    const { child, forwarder, turn, types, before } = await setUp([created(), accepted(), ...events]);
    await forwarder.forward("turn_1");
    expect(turn()?.state).toBe(state);
    expect(child.sent).toEqual([]);
    expect(await types(before)).toEqual([]);
  });

  test("nor one whose line was written and whose child died", async () => {
    const { child, forwarder, turn, uncertain } = await setUp();
    child.answer("turn/start", () => {
      throw new ChildUnavailableError("the child went away", { sent: true });
    });
    await forwarder.forward("turn_1");
    await forwarder.forward("turn_1");
    expect(starts(child)).toBe(1);
    expect(turn()?.state).toBe("forwarding");
    expect(uncertain).toEqual([]);
  });

  test("a turn or session that is not there is nothing to forward", async () => {
    const { child, forwarder } = await setUp([accepted({ sessionId: "ses_9" })]);
    await forwarder.forward("turn_1");
    await forwarder.forward("turn_none");
    expect(child.sent).toEqual([]);
  });

  test("interrupted while its thread is being loaded: it never goes out", async () => {
    const { journal, child, forwarder, types, before } = await setUp();
    const resume = child.hold("thread/resume");
    const forwarded = forwarder.forward("turn_1");
    await child.asked("thread/resume");
    journal.append([event("turn.interruptRequested"), event("turn.interrupted", { reason: "requested" })]);
    resume.resolve({
      thread: { id: "thr_1" },
      cwd: "/home/u/project",
      approvalPolicy: "on-request",
      sandbox: { type: "readOnly" },
    });
    await forwarded;
    expect(child.methods()).toEqual(["thread/resume"]);
    expect(await types(before)).toEqual(["turn.interruptRequested", "turn.interrupted"]);
  });

  test("ended while turn.forwarding goes to disk: it never goes out", async () => {
    const { journal, child, forwarder } = await setUp();
    journal.onEvent(({ type }) => void (type === "turn.forwarding" && journal.append([event("turn.lost")])));
    await forwarder.forward("turn_1");
    expect(starts(child)).toBe(0);
  });

  test("another child came while turn.forwarding went to disk: left to what settles it", async () => {
    const { journal, child, forwarder, turn } = await setUp();
    journal.onEvent(({ type }) => void (type === "turn.forwarding" && (child.generation += 1)));
    await forwarder.forward("turn_1");
    expect(starts(child)).toBe(0);
    expect(turn()?.state).toBe("forwarding");
  });
});

describe("who names Codex's turn first", () => {
  test("the notification came before the reply: the reply adds nothing", async () => {
    const { journal, child, forwarder, types, before } = await setUp();
    const start = child.hold("turn/start");
    const forwarded = forwarder.forward("turn_1");
    await child.asked("turn/start");
    journal.append([started("ctx_1")]);
    start.resolve({ turn: { id: "ctx_1" } });
    await forwarded;
    expect(await types(before)).toEqual(["turn.forwarding", "turn.started"]);
  });

  test("the turn ended before the reply came: the reply adds nothing", async () => {
    const { journal, child, forwarder, types, before } = await setUp();
    const start = child.hold("turn/start");
    const forwarded = forwarder.forward("turn_1");
    await child.asked("turn/start");
    journal.append([started("ctx_1"), event("turn.completed")]);
    start.resolve({ turn: { id: "ctx_1" } });
    await forwarded;
    expect(await types(before)).toEqual(["turn.forwarding", "turn.started", "turn.completed"]);
  });

  test("Codex merged it into a turn that it had begun itself: failed by name, the other goes on", async () => {
    const { journal, child, forwarder, turn, registries } = await setUp();
    const own = { turnId: "turn_own" };
    await journal.appendVisible([accepted(own, { origin: "codex" }), started("ctx_own", own)]);
    child.answer("turn/start", () => ({ turn: { id: "ctx_own" } }));
    await forwarder.forward("turn_1");
    expect(turn()).toMatchObject({ state: "failed", error: { code: "turn_merged", retryable: false } });
    expect(turn()?.error?.message).toContain("turn_own");
    expect(registries.turns.get("turn_own")?.state).toBe("running");
  });
});

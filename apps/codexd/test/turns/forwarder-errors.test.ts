import { ChildUnavailableError, RequestTimeoutError, RpcError, WindowFullError } from "@baa/codex-app-server";
import { describe, expect, test } from "vitest";
import { Journal, type NewEvent } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import { Forwarder } from "../../src/turns/forwarder.ts";
import { FakeChild } from "../support/fake-child.ts";
import { FakeLog } from "../support/fake-log.ts";
import { toCodexInput } from "../support/input.ts";
import { AT, openJournal } from "../support/journal.ts";
import { fakeLogger } from "../support/logger.ts";
import { accepted, created, createdBare, event, itemStarted, started } from "../support/records.ts";

const setUp = async (events: readonly NewEvent[] = [created(), accepted()]) => {
  const opened = await openJournal({ events });
  const child = new FakeChild().answerThreads().answer("turn/start", () => ({ turn: { id: "ctx_1" } }));
  const uncertain: string[] = [];
  const { logger, lines } = fakeLogger();
  const forwarder = new Forwarder({
    child: child.port,
    journal: opened.journal,
    logger,
    toCodexInput,
    whenFree: async () => undefined,
    onUncertain: (turnId) => uncertain.push(turnId),
  });
  const turn = () => opened.registries.turns.get("turn_1");
  return { ...opened, child, forwarder, uncertain, turn, lines, before: events.length };
};
const fail = (error: Error) => () => {
  throw error;
};
const timeout = (sent: boolean) => new RequestTimeoutError({ method: "m", timeoutMs: 30_000, sent });
const gone = (sent: boolean) => new ChildUnavailableError("the child went away", { sent });
const rpc = (message: string, code = -32600) => new RpcError({ code, message });

/** What becomes of the turn: its state, and the code and retryability of its error. */
type Outcome = [state: string, code?: string, retryable?: boolean];
const outcomeOf = (turn: { state: string; error?: { code: string; retryable: boolean } } | undefined): Outcome =>
  turn?.error ? [turn.state, turn.error.code, turn.error.retryable] : [turn?.state ?? "none"];

describe("before anything was written", () => {
  const cases: [string, Error, Outcome][] = [
    ["the child is gone: it waits for the next one", gone(false), ["accepted"]],
    ["the child went away with the request", gone(true), ["accepted"]],
    ["no answer in time", timeout(true), ["failed", "not_started", true]],
    ["too much is under way", new WindowFullError({ method: "m", reason: "full" }), ["failed", "not_started", true]],
    ["the child refuses", rpc("invalid model"), ["failed", "child_error", false]],
    ["anything else", new TypeError("broken"), ["failed", "not_started", true]],
  ];
  test.each(cases)("%s", async (_what, error, outcome) => {
    const { child, forwarder, turn, uncertain, lines, types, before } = await setUp();
    child.answer("thread/resume", fail(error));
    await forwarder.forward("turn_1");
    expect(outcomeOf(turn())).toEqual(outcome);
    expect(child.methods()).toEqual(["thread/resume"]);
    expect(uncertain).toEqual([]);
    expect(lines).toEqual([{ level: "warn", event: "turn.forward.failed" }]);
    expect(await types(before)).toEqual(outcome[0] === "accepted" ? [] : ["turn.failed"]);
  });

  test("the child does not know a thread that has stored turns", async () => {
    const old = { turnId: "turn_0" };
    const stored = [accepted(old), started("ctx_0", old), event("turn.completed", {}, old)];
    const { child, forwarder, turn } = await setUp([created(), ...stored, accepted()]);
    child.answer("thread/resume", fail(rpc("no rollout found for thread id thr_1")));
    await forwarder.forward("turn_1");
    expect(outcomeOf(turn())).toEqual(["failed", "not_started", true]);
    expect(child.methods()).toEqual(["thread/resume"]);
  });

  test("an accepted turn that waited is forwarded when asked again", async () => {
    const { child, forwarder, turn } = await setUp();
    child.answer("thread/resume", fail(gone(false)));
    await forwarder.forward("turn_1");
    child.answerThreads();
    await forwarder.forward("turn_1");
    expect(turn()?.state).toBe("running");
  });
});

describe("the child would run it under other rules than were asked for (I5)", () => {
  const echoes: [string, Record<string, unknown>, string][] = [
    ["sandbox", { sandbox: { type: "dangerFullAccess" } }, "sandbox is dangerFullAccess, not read-only"],
    ["no sandbox at all", { sandbox: undefined }, "sandbox is undefined, not read-only"],
    ["approval policy", { approvalPolicy: "never" }, 'approvalPolicy is "never", not on-request'],
    ["a granular approval policy", { approvalPolicy: { granular: {} } }, "approvalPolicy is"],
    ["cwd", { cwd: "/elsewhere" }, "cwd is /elsewhere, not /home/u/project"],
    ["model", { model: "gpt-other" }, "model is gpt-other, not gpt-asked"],
  ];
  test.each(echoes)("%s", async (_what, echo, message) => {
    const { child, forwarder, turn } = await setUp([created({ model: "gpt-asked" }), accepted()]);
    child.answerThreads({ model: "gpt-asked", ...echo });
    await forwarder.forward("turn_1");
    expect(outcomeOf(turn())).toEqual(["failed", "policy_not_applied", false]);
    expect(turn()?.error?.message).toContain(message);
    expect(child.methods()).toEqual(["thread/resume"]);
    expect(child.isLoaded("thr_1")).toBe(false);
  });

  test("without a model in the session any model will do", async () => {
    const { child, forwarder, turn } = await setUp();
    child.answerThreads({ model: "whatever" });
    await forwarder.forward("turn_1");
    expect(turn()?.state).toBe("running");
  });

  test("a new thread is checked too, and not recorded", async () => {
    const { child, forwarder, turn, registries } = await setUp([createdBare(), accepted()]);
    child.answerThreads({ sandbox: { type: "workspaceWrite" } });
    await forwarder.forward("turn_1");
    expect(outcomeOf(turn())).toEqual(["failed", "policy_not_applied", false]);
    expect(registries.sessions.get("ses_1")).not.toHaveProperty("threadId");
  });
});

describe("after turn.forwarding", () => {
  const cases: [string, Error, Outcome, boolean][] = [
    ["the child went away with the line: settled when the next one is ready", gone(true), ["forwarding"], false],
    ["the child was gone before the line: it never began", gone(false), ["failed", "not_started", true], false],
    ["no answer in time, line written: looked up now", timeout(true), ["forwarding"], true],
    ["no answer in time, line never written: it never began", timeout(false), ["failed", "not_started", true], false],
    ["anything that does not say whether the line left: looked up", new TypeError("broken"), ["forwarding"], true],
    ["the child refuses", rpc("model not found"), ["failed", "child_error", false], false],
  ];
  test.each(cases)("%s", async (_what, error, outcome, isUncertain) => {
    const { child, forwarder, turn, uncertain } = await setUp();
    child.answer("turn/start", fail(error));
    await forwarder.forward("turn_1");
    expect(outcomeOf(turn())).toEqual(outcome);
    expect(uncertain).toEqual(isUncertain ? ["turn_1"] : []);
  });

  test.each([timeout(true), timeout(false), gone(true), rpc("late refusal")])(
    "Codex had begun it already: whatever becomes of the reply, it goes on (%s)",
    async (error) => {
      const { journal, child, forwarder, turn, uncertain } = await setUp();
      const start = child.hold("turn/start");
      const forwarded = forwarder.forward("turn_1");
      await child.asked("turn/start");
      journal.append([started("ctx_1"), itemStarted("a1")]);
      start.reject(error);
      await forwarded;
      expect(outcomeOf(turn())).toEqual(["running"]);
      expect(uncertain).toEqual([]);
    },
  );
});

describe("storage", () => {
  test("the disk is full before turn.forwarding: nothing goes out, and it is forwarded when there is space (202 is a promise)", async () => {
    const fake = new FakeLog();
    const log = Object.assign(fake, {
      read: () => ({
        lastSeq: 2,
        frames: [{ seq: 2, bytes: Buffer.from(JSON.stringify({ data: { input: "hello" } })) }],
      }),
    });
    const registries = new Registries();
    const journal = new Journal({ log: log.port, registries, now: () => AT });
    journal.append([created(), accepted()]);
    log.room = 0;
    const child = new FakeChild().answerThreads();
    const forwarder = new Forwarder({
      child: child.port,
      journal,
      logger: fakeLogger().logger,
      toCodexInput,
      whenFree: async () => undefined,
      onUncertain: () => undefined,
    });
    await forwarder.forward("turn_1");
    expect(child.methods()).toEqual(["thread/resume"]);
    expect(registries.turns.get("turn_1")?.state).toBe("accepted");
    log.free();
    await child.asked("turn/start");
    expect(child.methods().filter((method) => method === "turn/start")).toHaveLength(1);
    expect(registries.turns.get("turn_1")?.state).toBe("forwarding");
  });

  test("the log was closed meanwhile: it does not reject, the next start goes on from disk", async () => {
    const { log, child, forwarder } = await setUp();
    const resume = child.hold("thread/resume");
    const forwarded = forwarder.forward("turn_1");
    await child.asked("thread/resume");
    await log.close();
    resume.reject(new TypeError("broken"));
    await expect(forwarded).resolves.toBeUndefined();
  });
});

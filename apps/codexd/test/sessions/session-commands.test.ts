import { ChildUnavailableError, RequestTimeoutError, RpcError } from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { SessionCommands } from "../../src/sessions/session-commands.ts";
import { ThreadLoader } from "../../src/turns/thread-loader.ts";
import { AT } from "../support/journal.ts";
import { codeOf } from "../support/problem.ts";
import { accepted, created, createdBare, event, forwarding, RUNNING, started } from "../support/records.ts";
import { setUpSessions } from "../support/sessions.ts";

const MARK = { id: "k", digest: "d" };
const ENDED = [accepted(), forwarding(), started(), event("turn.completed")];

const setUp = async (events: readonly NewEvent[], compactionBeginsMs = 5) => {
  const base = await setUpSessions(events);
  const { journal, child, sessions, logger } = base;
  child.answerThreads();
  for (const method of ["thread/archive", "thread/unarchive", "thread/delete", "thread/name/set"])
    child.answer(method, () => ({}));
  const loader = new ThreadLoader(child.port, journal);
  const commands = new SessionCommands({ journal, child: child.port, sessions, loader, logger, compactionBeginsMs });
  return { ...base, commands };
};
const refuse = (message: string) => () => {
  throw new RpcError({ code: -32600, message });
};
const noChild = async (): Promise<void> => {
  throw new ProblemError("child_unavailable");
};

describe("resume", () => {
  test("takes the thread out of Codex's archive, loads it, and the session is open again", async () => {
    const { commands, child, registries, after } = await setUp([created({ archived: true })]);
    const session = await commands.resume("ses_1", MARK);
    expect(session).toMatchObject({ id: "ses_1", state: "idle", archived: false });
    expect(child.methods()).toEqual(["thread/unarchive", "thread/resume"]);
    expect(child.isLoaded("thr_1")).toBe(true);
    expect((await after()).map(({ type, sessionId }) => [type, sessionId])).toEqual([["session.updated", "ses_1"]]);
    expect(registries.sessions.reply("k")).toMatchObject({ status: 200, body: { session } });
  });

  test("a thread that is not in Codex's archive any more is no reason to fail", async () => {
    const { commands, child } = await setUp([created({ archived: true })]);
    child.answer("thread/unarchive", refuse("no archived rollout found for thread id thr_1"));
    expect(await commands.resume("ses_1", undefined)).toMatchObject({ state: "idle" });
  });

  test("a session that is not archived only has its thread loaded", async () => {
    const { commands, child, after } = await setUp([created()]);
    expect(await commands.resume("ses_1", MARK)).toMatchObject({ state: "idle" });
    expect(child.methods()).toEqual(["thread/resume"]);
    expect(await after()).toEqual([]);
  });

  test("one without a thread gets one", async () => {
    const { commands, child, types } = await setUp([createdBare()]);
    expect(await commands.resume("ses_1", undefined)).toMatchObject({ threadId: "thr_1", durable: false });
    expect(child.methods()).toEqual(["thread/start"]);
    expect(await types(1)).toEqual(["session.updated"]);
  });

  test("while a turn is in progress its thread is in good hands", async () => {
    const { commands, child } = await setUp(RUNNING);
    expect(await commands.resume("ses_1", undefined)).toMatchObject({ state: "running", activeTurnId: "turn_1" });
    expect(child.sent).toEqual([]);
  });

  test("is refused by name, and the session stays archived", async () => {
    const { commands, child, sessions, after } = await setUp([created({ archived: true })]);
    child.answer("thread/unarchive", refuse("disk on fire"));
    expect(await codeOf(() => commands.resume("ses_1", MARK))).toBe("child_error");
    child.answer("thread/unarchive", () => ({})).answerThreads({ sandbox: { type: "dangerFullAccess" } });
    expect(await codeOf(() => commands.resume("ses_1", MARK))).toBe("child_error");
    child.ensureReady = noChild;
    expect(await codeOf(() => commands.resume("ses_1", MARK))).toBe("child_unavailable");
    expect(await codeOf(() => commands.resume("ses_9", MARK))).toBe("session_not_found");
    expect(sessions.view("ses_1").state).toBe("archived");
    expect(await after()).toEqual([]);
  });
});

describe("archive", () => {
  test("archives the thread, which unloads it, and then the session", async () => {
    const { commands, child, registries, after } = await setUp([created()]);
    child.markLoaded("thr_1", true);
    const session = await commands.archive("ses_1", MARK);
    expect(session).toMatchObject({ state: "archived", archived: true, updatedAt: AT });
    expect(child.sent).toEqual([{ method: "thread/archive", params: { threadId: "thr_1" } }]);
    expect(child.isLoaded("thr_1")).toBe(false);
    expect((await after()).map(({ type }) => type)).toEqual(["session.updated"]);
    expect(registries.sessions.reply("k")).toMatchObject({ status: 200, body: { session } });
  });

  test("Codex has archived it already, or never had it: so much the better", async () => {
    const { commands, child } = await setUp([created()]);
    child.answer("thread/archive", refuse("no rollout found for thread id thr_1"));
    expect(await commands.archive("ses_1", undefined)).toMatchObject({ state: "archived" });
  });

  test("an archived session stays so, and nobody is asked", async () => {
    const { commands, child, after } = await setUp([created({ archived: true })]);
    expect(await commands.archive("ses_1", MARK)).toMatchObject({ state: "archived" });
    expect([child.sent, await after()]).toEqual([[], []]);
  });

  test("a session in which nothing was said needs no child; a thread loaded for it is dropped", async () => {
    const bare = await setUp([createdBare()]);
    bare.child.ensureReady = noChild;
    expect(await bare.commands.archive("ses_1", undefined)).toMatchObject({ state: "archived" });
    expect(bare.child.sent).toEqual([]);
    const loaded = await setUp([created({ durable: false })]);
    loaded.child.markLoaded("thr_1", true);
    await loaded.commands.archive("ses_1", undefined);
    expect(loaded.child.methods()).toEqual(["thread/delete"]);
  });

  test("not while a turn is in progress or waits in the queue", async () => {
    const running = await setUp(RUNNING);
    expect(await codeOf(() => running.commands.archive("ses_1", undefined))).toBe("turn_active");
    const queued = await setUp([created(), accepted({}, { queued: true })]);
    expect(await codeOf(() => queued.commands.archive("ses_1", undefined))).toBe("turn_active");
    expect([running.child.sent, queued.child.sent]).toEqual([[], []]);
  });

  test("is refused by name, and the session stays open", async () => {
    const { commands, child, sessions } = await setUp([created()]);
    child.answer("thread/archive", refuse("disk on fire"));
    expect(await codeOf(() => commands.archive("ses_1", MARK))).toBe("child_error");
    child.answer("thread/archive", () => {
      throw new RequestTimeoutError({ method: "thread/archive", timeoutMs: 1, sent: true });
    });
    expect(await codeOf(() => commands.archive("ses_1", MARK))).toBe("child_timeout");
    child.answer("thread/archive", () => {
      throw new ChildUnavailableError("gone", { sent: true });
    });
    expect(await codeOf(() => commands.archive("ses_1", MARK))).toBe("child_unavailable");
    expect(sessions.view("ses_1").state).toBe("idle");
  });

  test("two at once ask the child once", async () => {
    const { commands, child, types } = await setUp([created()]);
    await Promise.all([commands.archive("ses_1", undefined), commands.archive("ses_1", undefined)]);
    expect(child.methods()).toEqual(["thread/archive"]);
    expect(await types(1)).toEqual(["session.updated"]);
  });
});

describe("compact", () => {
  test("is on disk before the child is asked, and held until Codex's turn has begun", async () => {
    const { commands, child, journal, registries, sessions, events } = await setUp([created(), ...ENDED], 60_000);
    const seen: string[] = [];
    child.answer("thread/compact/start", async () => {
      seen.push(...(await events()).slice(5).map(({ type }) => type));
      return {};
    });
    const asked = commands.compact("ses_1", MARK);
    await child.asked("thread/compact/start");
    await new Promise((resolve) => void setImmediate(resolve));
    expect([seen, sessions.gate.isHeld("ses_1")]).toEqual([["session.compactRequested"], true]);
    journal.append([accepted({ turnId: "turn_2" }, { origin: "codex" })]);
    const session = await asked;
    expect(session).toMatchObject({ state: "idle" });
    expect(sessions.gate.isHeld("ses_1")).toBe(false);
    expect(child.methods()).toEqual(["thread/resume", "thread/compact/start"]);
    expect(registries.sessions.reply("k")).toMatchObject({ status: 202, body: { session } });
  });

  test("no turn that comes of it is waited for without end", async () => {
    const { commands, child } = await setUp([created(), ...ENDED]);
    child.answer("thread/compact/start", () => ({}));
    expect(await commands.compact("ses_1", undefined)).toMatchObject({ id: "ses_1" });
  });

  test("what Codex refuses is refused to the same key again", async () => {
    const { commands, child, registries, after } = await setUp([created(), ...ENDED]);
    child.answer("thread/compact/start", refuse("no"));
    expect(await codeOf(() => commands.compact("ses_1", MARK))).toBe("child_error");
    expect(registries.sessions.reply("k")).toMatchObject({ status: 502, body: { code: "child_error", detail: "no" } });
    expect(await after()).toMatchObject([{ data: { idempotency: { status: 202 } } }, { data: { rejected: "no" } }]);
  });

  test("refused before anything is asked: busy, archived, empty, no child", async () => {
    const codes = [];
    for (const events of [RUNNING, [created({ archived: true })], [createdBare()]]) {
      const { commands, child } = await setUp(events);
      codes.push(await codeOf(() => commands.compact("ses_1", MARK)));
      expect(child.methods()).not.toContain("thread/compact/start");
    }
    const { commands, child, after } = await setUp([created()]);
    child.ensureReady = noChild;
    codes.push(await codeOf(() => commands.compact("ses_1", MARK)));
    expect(codes).toEqual(["turn_active", "session_archived", "session_empty", "child_unavailable"]);
    expect(await after()).toEqual([]);
  });
});

describe("name", () => {
  test("the title is ours; Codex is told when it has the thread loaded", async () => {
    const { commands, child, registries } = await setUp([created()]);
    child.markLoaded("thr_1", true);
    const session = await commands.name("ses_1", "a title", MARK);
    expect(session).toMatchObject({ title: "a title", state: "idle" });
    expect(registries.sessions.get("ses_1")).toMatchObject({ title: "a title", durable: true });
    expect(registries.sessions.reply("k")).toMatchObject({ status: 200, body: { session } });
    expect(await child.asked("thread/name/set")).toMatchObject({ params: { threadId: "thr_1", name: "a title" } });
  });

  test("no child, no thread or a refusal makes no difference", async () => {
    const { commands, child, sessions, lines } = await setUp([created()]);
    await commands.name("ses_1", "one", undefined);
    expect(child.sent).toEqual([]);
    child.markLoaded("thr_1", true);
    child.answer("thread/name/set", refuse("no"));
    await commands.name("ses_1", "two", undefined);
    await child.asked("thread/name/set");
    await sessions.gate.run("ses_1", async () => undefined);
    expect(sessions.view("ses_1").title).toBe("two");
    expect(lines).toEqual([{ level: "info", event: "thread.name.failed" }]);
  });

  test("while a turn runs and while archived too; not for a session that is not there", async () => {
    const { commands, sessions } = await setUp([created({ archived: true }), accepted()]);
    expect(await commands.name("ses_1", "x", undefined)).toMatchObject({ activeTurnId: "turn_1" });
    expect(sessions.get("ses_1").archived).toBe(true);
    expect(await codeOf(() => commands.name("ses_9", "x", undefined))).toBe("session_not_found");
  });
});

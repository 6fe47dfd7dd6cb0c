import { ChildUnavailableError, RpcError } from "@baa/codex-app-server";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import type { SessionRecord } from "../../src/registry/records.ts";
import { PolicyNotAppliedError, ThreadLoader, ThreadUnknownError } from "../../src/turns/thread-loader.ts";
import { FakeChild } from "../support/fake-child.ts";
import { openJournal } from "../support/journal.ts";
import { accepted, created, createdBare, event, started } from "../support/records.ts";

const setUp = async (events: readonly NewEvent[]) => {
  const opened = await openJournal({ events });
  const child = new FakeChild().answerThreads();
  const loader = new ThreadLoader(child.port, opened.journal);
  const session = () => opened.registries.sessions.get("ses_1")!;
  const ensure = () => loader.ensure(session());
  return { ...opened, child, session, ensure };
};
const refuse = (message: string) => () => {
  throw new RpcError({ code: -32600, message });
};
const ended = (type: string, data: Record<string, unknown> = {}): NewEvent[] => [
  accepted(),
  started(),
  event(type, data),
];

describe("how a thread gets loaded", () => {
  test("in this child already: nothing is asked", async () => {
    const { child, ensure } = await setUp([created()]);
    child.markLoaded("thr_1", true);
    expect(await ensure()).toBe("thr_1");
    expect(child.sent).toEqual([]);
  });

  test("stored by Codex: resumed with the session's own settings, and loaded from then on", async () => {
    const { child, ensure } = await setUp([
      created({ model: "gpt-test", sandbox: "workspace-write", approvalPolicy: "untrusted" }),
    ]);
    child.answerThreads({ sandbox: { type: "workspaceWrite" }, approvalPolicy: "untrusted" });
    expect(await ensure()).toBe("thr_1");
    expect(await ensure()).toBe("thr_1");
    expect(child.sent).toEqual([
      {
        method: "thread/resume",
        params: {
          threadId: "thr_1",
          excludeTurns: true,
          cwd: "/home/u/project",
          sandbox: "workspace-write",
          approvalPolicy: "untrusted",
          model: "gpt-test",
        },
      },
    ]);
  });

  test("never: started, recorded, and not called durable before its first turn", async () => {
    const { child, ensure, session } = await setUp([createdBare()]);
    expect(await ensure()).toBe("thr_1");
    expect(child.sent).toEqual([
      {
        method: "thread/start",
        params: { cwd: "/home/u/project", sandbox: "read-only", approvalPolicy: "on-request" },
      },
    ]);
    expect(session()).toMatchObject({ threadId: "thr_1", durable: false });
  });

  test("started in a former child and never stored: started anew, under its new id", async () => {
    const { child, ensure, session, registries } = await setUp([created({ durable: false })]);
    child.answerThreads({ thread: { id: "thr_2" } });
    expect(await ensure()).toBe("thr_2");
    expect(child.methods()).toEqual(["thread/start"]);
    expect(session()).toMatchObject({ threadId: "thr_2", durable: false });
    expect(registries.sessions.byThread("thr_1")).toBeUndefined();
  });

  test("a session that was deleted meanwhile gets nothing recorded", async () => {
    const { child, ensure, journal, types } = await setUp([createdBare()]);
    const start = child.hold("thread/start");
    const ensured = ensure();
    journal.append([{ type: "session.deleted", sessionId: "ses_1", data: {} }]);
    start.resolve({
      thread: { id: "thr_1" },
      cwd: "/home/u/project",
      approvalPolicy: "on-request",
      sandbox: { type: "readOnly" },
    });
    expect(await ensured).toBe("thr_1");
    expect(await types(1)).toEqual(["session.deleted"]);
  });
});

describe("Codex does not know the thread", () => {
  const GONE = ["no rollout found for thread id thr_1", "failed to read session metadata from rollout"];
  test.each(GONE)("and never stored a turn of it (%s): started anew, the session is not lost", async (message) => {
    const { child, ensure } = await setUp([
      created(),
      ...ended("turn.failed", { error: { code: "not_started", message: "m", retryable: true } }),
    ]);
    child.answer("thread/resume", refuse(message));
    expect(await ensure()).toBe("thr_1");
    expect(child.methods()).toEqual(["thread/resume", "thread/start"]);
  });

  test.each(["turn.completed", "turn.interrupted", "turn.failed"])(
    "and had stored one (%s): refused by name, never an empty thread in its place",
    async (type) => {
      const { child, ensure } = await setUp([created(), ...ended(type)]);
      child.answer("thread/resume", refuse(GONE[0]!));
      await expect(ensure()).rejects.toBeInstanceOf(ThreadUnknownError);
      expect(child.methods()).toEqual(["thread/resume"]);
    },
  );

  test("and it was adopted: refused by name", async () => {
    const { child, ensure } = await setUp([created({ adopted: true })]);
    child.answer("thread/resume", refuse(GONE[0]!));
    await expect(ensure()).rejects.toBeInstanceOf(ThreadUnknownError);
  });

  test("a file that cannot be read although turns were stored is Codex's own error", async () => {
    const { child, ensure } = await setUp([created(), ...ended("turn.completed")]);
    child.answer("thread/resume", refuse(GONE[1]!));
    await expect(ensure()).rejects.toBeInstanceOf(RpcError);
  });

  test("any other refusal, or no child, is thrown as it came", async () => {
    const { child, ensure } = await setUp([created()]);
    child.answer("thread/resume", refuse("already has an active writer"));
    await expect(ensure()).rejects.toThrow("already has an active writer");
    child.answer("thread/resume", () => {
      throw new ChildUnavailableError("gone", { sent: false });
    });
    await expect(ensure()).rejects.toBeInstanceOf(ChildUnavailableError);
    expect(child.methods()).toEqual(["thread/resume", "thread/resume"]);
  });
});

test("each sandbox mode has its own echo; all that differs is named", async () => {
  const modes: [SessionRecord["sandbox"], string][] = [
    ["read-only", "readOnly"],
    ["workspace-write", "workspaceWrite"],
    ["danger-full-access", "dangerFullAccess"],
  ];
  for (const [sandbox] of modes) {
    for (const [, type] of modes) {
      const { child, ensure } = await setUp([created({ sandbox })]);
      child.answerThreads({ sandbox: { type } });
      const fits = modes.some(([mode, echo]) => mode === sandbox && echo === type);
      if (fits) expect(await ensure()).toBe("thr_1");
      else await expect(ensure()).rejects.toThrow(PolicyNotAppliedError);
    }
  }
  const { child, ensure } = await setUp([created()]);
  child.answerThreads({ sandbox: { type: "x" }, approvalPolicy: "never", cwd: "/" });
  await expect(ensure()).rejects.toThrow(
    'sandbox is x, not read-only; approvalPolicy is "never", not on-request; cwd is /, not /home/u/project',
  );
});

describe("a thread in Codex's archive", () => {
  test("of a session that is not archived is taken out and resumed", async () => {
    const { child, ensure } = await setUp([created()]);
    const resumed = { thread: { id: "thr_1" }, cwd: "/home/u/project", model: "m", approvalPolicy: "on-request" };
    let archived = true;
    child.answer("thread/resume", () =>
      archived
        ? refuse("session thr_1 is archived. Run `codex unarchive thr_1`")()
        : { ...resumed, sandbox: { type: "readOnly" } },
    );
    child.answer("thread/unarchive", () => {
      archived = false;
      return {};
    });
    expect(await ensure()).toBe("thr_1");
    expect(child.methods()).toEqual(["thread/resume", "thread/unarchive", "thread/resume"]);
  });
});

test("a fork's history was written before its first turn: a thread that is gone is not started anew", async () => {
  const { child, ensure } = await setUp([created({ forkedFrom: "ses_0" })]);
  child.answer("thread/resume", refuse("no rollout found for thread id thr_1"));
  await expect(ensure()).rejects.toBeInstanceOf(ThreadUnknownError);
  expect(child.methods()).toEqual(["thread/resume"]);
});

import fs from "node:fs";
import { RpcError } from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import type { SessionRecord } from "../../src/registry/records.ts";
import { SessionForks } from "../../src/sessions/session-forks.ts";
import { codeOf } from "../support/problem.ts";
import { accepted, created, createdBare, event, forwarding, started } from "../support/records.ts";
import { POLICY, setUpSessions } from "../support/sessions.ts";

const ENDED = [accepted(), forwarding(), started("ctx_1"), event("turn.completed")];
const ECHO = { sandbox: { "read-only": "readOnly", "workspace-write": "workspaceWrite" } as Record<string, string> };

const setUp = async (
  events: readonly NewEvent[] = [],
  o: { source?: Partial<SessionRecord>; policy?: typeof POLICY } = {},
) => {
  const base = await setUpSessions([], o);
  const { journal, child, sessions, logger, project } = base;
  for (const one of [created({ cwd: project, ...o.source }), ...events]) await journal.appendVisible([one]);
  const head = journal.log.head();
  child.answer("thread/fork", ({ cwd, sandbox, approvalPolicy, model }) => ({
    thread: { id: "thr_copy" },
    cwd,
    model: model ?? "gpt-test",
    approvalPolicy,
    sandbox: { type: ECHO.sandbox[sandbox as string] },
  }));
  child.answer("thread/delete", () => ({}));
  const forks = new SessionForks({ journal, child: child.port, sessions, logger });
  return { ...base, forks, since: async () => (await base.events()).filter(({ seq }) => seq > head) };
};

describe("a fork", () => {
  test("takes over the settings of its source, and is stored by Codex from the start", async () => {
    const source = { title: "t", model: "m", sandbox: "workspace-write", metadata: { a: "b" } } as const;
    const { forks, child, registries, project, since } = await setUp(ENDED, { source });
    const session = await forks.fork("ses_1", {}, { id: "k", digest: "d" });
    expect(session).toMatchObject({
      ...source,
      id: "ses_new1",
      threadId: "thr_copy",
      forkedFrom: "ses_1",
      durable: true,
      adopted: false,
      state: "idle",
      cwd: project,
      cwdOwned: false,
    });
    const settings = { cwd: project, sandbox: "workspace-write", approvalPolicy: "on-request", model: "m" };
    expect(child.sent).toEqual([
      { method: "thread/fork", params: { threadId: "thr_1", excludeTurns: true, ...settings } },
    ]);
    expect(child.isLoaded("thr_copy")).toBe(true);
    expect(registries.sessions.get("ses_new1")).toMatchObject({ forkedFrom: "ses_1", threadId: "thr_copy" });
    expect(registries.sessions.reply("k")).toMatchObject({ status: 201, body: { session } });
    expect((await since()).map(({ type, sessionId }) => [type, sessionId])).toEqual([["session.created", "ses_new1"]]);
  });

  test("takes what it asks for instead", async () => {
    const { forks, child } = await setUp(ENDED, { source: { title: "t", sandbox: "workspace-write" } });
    const asked = { title: "u", sandbox: "read-only", purpose: "worker", model: "n" } as const;
    expect(await forks.fork("ses_1", asked, undefined)).toMatchObject(asked);
    expect(child.sent[0]?.params).toMatchObject({ sandbox: "read-only", model: "n" });
  });

  test("of a session with a scratch directory has one of its own", async () => {
    const { forks, scratchDir } = await setUp(ENDED, { source: { cwd: "/gone", cwdOwned: true } });
    const session = await forks.fork("ses_1", {}, undefined);
    expect(session).toMatchObject({ cwd: `${scratchDir}/ses_new1`, cwdOwned: true });
    expect(fs.existsSync(session.cwd)).toBe(true);
  });

  test("up to a turn", async () => {
    const { forks, child } = await setUp(ENDED);
    await forks.fork("ses_1", { turnId: "turn_1" }, undefined);
    expect(child.sent[0]?.params).toMatchObject({ lastTurnId: "ctx_1" });
  });

  test("of a session with a turn in progress, but not up to that turn", async () => {
    const { forks } = await setUp([accepted(), forwarding(), started("ctx_1")]);
    expect(await codeOf(() => forks.fork("ses_1", { turnId: "turn_1" }, undefined))).toBe("turn_active");
    expect(await forks.fork("ses_1", {}, undefined)).toMatchObject({ forkedFrom: "ses_1", state: "idle" });
  });
});

describe("refused, with nothing left behind", () => {
  const refused = async (run: ReturnType<typeof setUp>, body = {}) => {
    const { forks, scratchDir, since } = await run;
    const code = await codeOf(() => forks.fork("ses_1", body, { id: "k", digest: "d" }));
    expect(await since()).toEqual([]);
    expect(fs.existsSync(scratchDir) ? fs.readdirSync(scratchDir) : []).toEqual([]);
    return code;
  };
  const codexSays = async (message: string) => {
    const made = await setUp(ENDED, { source: { cwdOwned: true } });
    made.child.answer("thread/fork", () => {
      throw new RpcError({ code: -32600, message });
    });
    return made;
  };

  test("a source that Codex has nothing of, an archived one, one that is not there", async () => {
    expect(await refused(setUp([], { source: { durable: false } }))).toBe("session_empty");
    const bare = createdBare().data as Record<string, unknown>;
    expect(await refused(setUp([event("session.updated", bare)]))).toBe("session_empty");
    expect(await refused(setUp(ENDED, { source: { archived: true } }))).toBe("session_archived");
    const { forks } = await setUp();
    expect(await codeOf(() => forks.fork("ses_9", {}, undefined))).toBe("session_not_found");
  });

  test("a turn that is not the source's, or never reached Codex", async () => {
    expect(await refused(setUp(ENDED), { turnId: "turn_9" })).toBe("turn_not_found");
    const unsent = [accepted(), event("turn.failed", { error: { code: "not_started", message: "", retryable: true } })];
    expect(await refused(setUp(unsent), { turnId: "turn_1" })).toBe("invalid");
  });

  test("settings outside the policy, asked for or taken over", async () => {
    expect(await refused(setUp(ENDED), { sandbox: "danger-full-access" })).toBe("policy_denied");
    expect(await refused(setUp(ENDED), { cwd: "/" })).toBe("policy_denied");
    const stricter = { ...POLICY, sandbox: ["read-only" as const] };
    expect(await refused(setUp(ENDED, { source: { sandbox: "workspace-write" }, policy: stricter }))).toBe(
      "policy_denied",
    );
    expect(await refused(setUp(ENDED, { source: { cwd: "/home/u/gone" } }))).toBe("invalid");
  });

  test("what Codex says, in our terms", async () => {
    expect(await refused(codexSays("no rollout found for thread id thr_1"))).toBe("session_empty");
    expect(await refused(codexSays("session thr_1 is archived. Run `codex unarchive`"))).toBe("session_archived");
    expect(await refused(codexSays("disk on fire"))).toBe("child_error");
  });

  test("no child", async () => {
    const made = await setUp(ENDED);
    made.child.ensureReady = async () => {
      throw new ProblemError("child_unavailable");
    };
    expect(await refused(Promise.resolve(made))).toBe("child_unavailable");
  });

  test("a copy under other rules is taken back", async () => {
    const made = await setUp(ENDED, { source: { cwdOwned: true } });
    made.child.answer("thread/fork", ({ cwd, approvalPolicy }) => ({
      thread: { id: "thr_copy" },
      cwd,
      model: "gpt-test",
      approvalPolicy,
      sandbox: { type: "dangerFullAccess" },
    }));
    expect(await refused(Promise.resolve(made))).toBe("child_error");
    expect(made.child.sent.at(-1)).toEqual({ method: "thread/delete", params: { threadId: "thr_copy" } });
    expect(made.child.isLoaded("thr_copy")).toBe(false);
  });
});

import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { AT } from "../support/journal.ts";
import { accepted, created, createdBare, event, numbered, SESSION, started } from "../support/records.ts";

const fold = (events: readonly NewEvent[]): SessionRegistry => {
  const registry = new SessionRegistry();
  for (const each of numbered(events)) registry.apply(each);
  return registry;
};

const updated = (change: Record<string, unknown>): NewEvent =>
  event("session.updated", { session: { ...SESSION, state: "running", activeTurnId: "turn_9", ...change } });
const deleted: NewEvent = { type: "session.deleted", sessionId: "ses_1", data: {} };

describe("sessions", () => {
  test("a created session is kept without what is derived", () => {
    const registry = fold([created()]);
    expect(registry.get("ses_1")).toEqual(SESSION);
    expect(registry.get("ses_1")).not.toHaveProperty("state");
    expect(registry.byThread("thr_1")?.id).toBe("ses_1");
    expect([...registry.ids.newestFirst()]).toEqual(["ses_1"]);
    expect(registry.appliedSeq).toBe(1);
  });

  test("an update replaces the record and leaves out state and activeTurnId", () => {
    const registry = fold([created(), updated({ title: "t" })]);
    expect(registry.get("ses_1")).toEqual({ ...SESSION, title: "t" });
    expect(registry.size).toBe(1);
  });

  test("a new thread takes the place of the former one", () => {
    const registry = fold([created(), updated({ threadId: "thr_2" })]);
    expect(registry.byThread("thr_1")).toBeUndefined();
    expect(registry.byThread("thr_2")?.id).toBe("ses_1");
  });

  test("the first turn that Codex begins makes the thread durable", () => {
    const registry = fold([createdBare(), accepted(), started()]);
    expect(registry.get("ses_1")?.durable).toBe(true);
    expect(fold([createdBare(), accepted()]).get("ses_1")?.durable).toBe(false);
  });

  test("a change makes a new record; the former object stays as it was", () => {
    const registry = fold([createdBare()]);
    const before = registry.get("ses_1");
    for (const each of numbered([started()], 2)) registry.apply(each);
    expect(before?.durable).toBe(false);
    expect(registry.get("ses_1")).not.toBe(before);
  });

  test("a deleted session is gone everywhere; deleting it twice does nothing", () => {
    const registry = fold([created(), deleted, deleted]);
    expect(registry.get("ses_1")).toBeUndefined();
    expect(registry.byThread("thr_1")).toBeUndefined();
    expect(registry.size).toBe(0);
    expect([...registry.ids.newestFirst()]).toEqual([]);
  });

  test("events of sessions that are not known do nothing", () => {
    const registry = fold([
      started(),
      deleted,
      { type: "turn.started", data: {} },
      { type: "session.created", sessionId: "ses_1", data: {} },
    ]);
    expect(registry.size).toBe(0);
    expect(registry.appliedSeq).toBe(4);
  });
});

const reply = (id: string): NewEvent => ({
  type: "turn.accepted",
  data: { idempotency: { id, digest: `d-${id}`, status: 202, body: { turn: id } } },
});
const DAY_MS = 86_400_000;
const atDay = (day: number): string => new Date(Date.parse(AT) + day * DAY_MS).toISOString();

describe("stored replies", () => {
  test("a reply in an event of any type is remembered with its time", () => {
    const registry = fold([{ ...reply("k1"), type: "account.any" }]);
    expect(registry.reply("k1")).toEqual({ id: "k1", digest: "d-k1", status: 202, body: { turn: "k1" }, at: AT });
    expect(registry.reply("k2")).toBeUndefined();
  });

  test("replies are kept for seven days, exactly", () => {
    const registry = new SessionRegistry();
    registry.apply({ ...reply("old"), at: atDay(0), seq: 1 });
    registry.apply({ ...reply("mid"), at: atDay(3), seq: 2 });
    registry.apply({ ...reply("a"), at: atDay(7), seq: 3 });
    expect(registry.reply("old")).toBeDefined();
    registry.apply({ ...reply("b"), at: new Date(Date.parse(atDay(7)) + 1).toISOString(), seq: 4 });
    expect(registry.reply("old")).toBeUndefined();
    expect(registry.reply("mid")).toBeDefined();
    registry.apply({ ...reply("c"), at: atDay(20), seq: 5 });
    expect(registry.entries().map((entry) => entry.record.id)).toEqual(["c"]);
  });

  test("at most 100,000 replies are kept, the oldest go first", () => {
    const registry = new SessionRegistry();
    const record = (id: string) => ({ kind: "reply", record: { id, digest: "d", status: 202, body: {}, at: AT } });
    registry.load(
      Array.from({ length: 100_000 }, (_, index) => record(`k${index + 1}`)),
      100_000,
    );
    expect(registry.reply("k1")).toBeDefined();
    registry.apply({ ...reply("k100001"), at: AT, seq: 100_001 });
    expect(registry.reply("k1")).toBeUndefined();
    expect(registry.reply("k2")).toBeDefined();
    expect(registry.reply("k100001")).toBeDefined();
    expect(registry.entries()).toHaveLength(100_000);
  });

  test("entries loaded again are the same registry", () => {
    const registry = fold([created(), created({ id: "ses_2", threadId: "thr_2" }), reply("k1")]);
    const loaded = new SessionRegistry();
    loaded.load(JSON.parse(JSON.stringify(registry.entries())) as unknown[], 3);
    expect(loaded.entries()).toEqual(registry.entries());
    expect(loaded.byThread("thr_2")?.id).toBe("ses_2");
    expect(loaded.reply("k1")?.status).toBe(202);
    expect(loaded.appliedSeq).toBe(3);
  });
});

describe("what a deleted session leaves", () => {
  const body = {
    session: { id: "ses_1", state: "idle", title: "secret", metadata: { about: "secret" }, cwd: "/w", createdAt: AT },
    approval: { id: "apr_1", kind: "command", command: "secret", decisions: ["accept"], note: "secret" },
    file: { id: "file_1", name: "secret.txt", sha256: "5ec2e7", bytes: 3 },
    turn: { id: "turn_1", state: "failed", error: { code: "x", message: "secret", retryable: false } },
    inputId: "inp_1",
    detail: "secret",
  };
  const keyed = (id: string, o: Partial<NewEvent> = {}): NewEvent => ({
    type: "session.updated",
    sessionId: "ses_1",
    data: { idempotency: { id, digest: `d-${id}`, status: 200, body } },
    ...o,
  });
  const left = {
    session: { id: "ses_1", state: "idle", cwd: "/w", createdAt: AT },
    approval: { id: "apr_1", kind: "command", decisions: ["accept"] },
    file: { id: "file_1", name: "", sha256: "", bytes: 3 },
    turn: { id: "turn_1", state: "failed" },
    inputId: "inp_1",
  };

  test("its replies keep ids, states and times and no text, the reply of the deletion too", () => {
    const registry = fold([created(), keyed("k1"), keyed("k2", { type: "session.deleted" })]);
    for (const id of ["k1", "k2"]) {
      expect(registry.reply(id)).toMatchObject({ id, digest: `d-${id}`, status: 200, at: AT });
      expect(registry.reply(id)?.body).toEqual(left);
    }
    expect(JSON.stringify(registry.entries())).not.toContain("secret");
  });

  test("replies of other sessions are left alone, also after a checkpoint", () => {
    const registry = fold([created(), created({ id: "ses_2" }), keyed("k1"), keyed("k2", { sessionId: "ses_2" })]);
    const loaded = new SessionRegistry();
    loaded.load(JSON.parse(JSON.stringify(registry.entries())) as unknown[], 4);
    loaded.apply({ type: "session.deleted", sessionId: "ses_1", at: AT, seq: 5, data: {} });
    expect(loaded.reply("k1")?.body).toEqual(left);
    expect(loaded.reply("k2")?.body).toEqual(body);
  });

  test("it is to be forgotten until that is said to be done, over checkpoints", () => {
    const registry = fold([created(), event("session.deleted", {})]);
    const loaded = new SessionRegistry();
    loaded.load(JSON.parse(JSON.stringify(registry.entries())) as unknown[], 2);
    for (const each of [registry, loaded]) {
      expect(each.toForget()).toEqual([{ id: "ses_1", seq: 2, at: AT }]);
      each.apply({ type: "session.forgotten", sessionId: "ses_1", at: AT, seq: 3, data: {} });
      expect(each.toForget()).toEqual([]);
    }
  });
});

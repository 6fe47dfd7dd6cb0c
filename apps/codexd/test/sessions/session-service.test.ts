import fs from "node:fs";
import path from "node:path";
import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import type { Policy } from "../../src/policy.ts";
import { SessionService } from "../../src/sessions/session-service.ts";
import { AT, openJournal } from "../support/journal.ts";
import { accepted, created, event } from "../support/records.ts";

const POLICY: Policy = {
  sandbox: ["read-only", "workspace-write"],
  approvalPolicy: ["untrusted", "on-request"],
  execpolicyAmendments: false,
  cwdRoots: ["~"],
};

const setUp = async (events: readonly NewEvent[] = [], policy = POLICY) => {
  const opened = await openJournal({ events });
  const home = path.join(opened.dir, "home");
  const scratchDir = path.join(opened.dir, "tmp", "sessions");
  fs.mkdirSync(path.join(home, "project"), { recursive: true });
  let made = 0;
  const filesRemoved: string[] = [];
  const service = new SessionService({
    journal: opened.journal,
    policy,
    cwdRules: { roots: ["~"], homeDir: home, forbidden: [path.join(opened.dir, "tmp")] },
    scratchDir,
    files: { removeSession: async (id) => void filesRemoved.push(id) },
    newId: () => `ses_new${(made += 1)}`,
    now: () => AT,
  });
  const after = async () => (await opened.events()).slice(events.length);
  return { ...opened, service, home, scratchDir, filesRemoved, after };
};
const codeOf = async (run: () => Promise<unknown>): Promise<string> =>
  run().then(
    () => "taken",
    (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
  );

describe("creating a session (I5)", () => {
  test("asks nobody, is on disk when it is answered, and works in a directory of its own", async () => {
    const { service, scratchDir, log, after } = await setUp();
    const cwd = path.join(scratchDir, "ses_new1");
    const session = await service.create({}, undefined);
    const expected = {
      id: "ses_new1",
      state: "idle",
      durable: false,
      adopted: false,
      archived: false,
      cwd,
      cwdOwned: true,
      purpose: "chat",
      sandbox: "read-only",
      approvalPolicy: "on-request",
      createdAt: AT,
      updatedAt: AT,
    };
    expect(session).toEqual(expected);
    expect(log.head()).toBe(1);
    expect(await after()).toEqual([
      { seq: 1, at: AT, type: "session.created", sessionId: "ses_new1", data: { session: expected } },
    ]);
    expect(fs.statSync(cwd).mode & 0o777).toBe(0o700);
  });

  test("takes what the policy allows", async () => {
    const { service, home } = await setUp();
    const asked = {
      cwd: "~/project",
      title: "t",
      purpose: "worker",
      model: "m",
      sandbox: "workspace-write",
      approvalPolicy: "untrusted",
      metadata: { a: "b" },
    } as const;
    expect(await service.create(asked, undefined)).toMatchObject({
      ...asked,
      cwd: path.join(home, "project"),
      cwdOwned: false,
    });
  });

  test("refuses what it does not, and leaves nothing", async () => {
    const { service, scratchDir, after } = await setUp();
    expect(await codeOf(() => service.create({ sandbox: "danger-full-access" }, undefined))).toBe("policy_denied");
    expect(await codeOf(() => service.create({ approvalPolicy: "never" }, undefined))).toBe("policy_denied");
    expect(await codeOf(() => service.create({ cwd: "/" }, undefined))).toBe("policy_denied");
    expect(await codeOf(() => service.create({ cwd: "~/nowhere" }, undefined))).toBe("invalid");
    expect(await after()).toEqual([]);
    expect(fs.existsSync(scratchDir)).toBe(false);
  });

  test("adopts a thread of Codex, once", async () => {
    const { service } = await setUp();
    const results = await Promise.all([0, 1].map(() => codeOf(() => service.create({ threadId: "thr_x" }, undefined))));
    expect(results).toEqual(["taken", "thread_adopted"]);
    expect(service.get("ses_new1")).toMatchObject({ threadId: "thr_x", adopted: true, durable: true });
    // It names the session that has it, so that the caller can go on there.
    await expect(Promise.resolve().then(() => service.create({ threadId: "thr_x" }, undefined))).rejects.toMatchObject({
      extra: { sessionId: "ses_new1" },
    });
  });

  test("carries the reply of its key", async () => {
    const { service, registries } = await setUp();
    const session = await service.create({}, { id: "k", digest: "d" });
    expect(registries.sessions.reply("k")).toMatchObject({
      id: "k",
      digest: "d",
      status: 201,
      body: { session },
      at: AT,
    });
  });
});

describe("deleting a session", () => {
  test("takes its own directory with it, never a borrowed one", async () => {
    const { service, home, scratchDir, filesRemoved } = await setUp();
    await service.create({}, undefined);
    await service.create({ cwd: "~/project" }, undefined);
    await service.delete("ses_new1", undefined);
    await service.delete("ses_new2", undefined);
    expect(fs.readdirSync(scratchDir)).toEqual([]);
    expect(filesRemoved).toEqual(["ses_new1", "ses_new2"]);
    expect(fs.existsSync(path.join(home, "project"))).toBe(true);
    expect(await codeOf(() => service.delete("ses_new1", undefined))).toBe("session_not_found");
  });

  test("not while a turn is in progress", async () => {
    const { service, registries } = await setUp([created(), accepted()]);
    expect(await codeOf(() => service.delete("ses_1", undefined))).toBe("turn_active");
    expect(registries.sessions.size).toBe(1);
  });

  test("its stored reply outlives it", async () => {
    const { service, registries } = await setUp([created()]);
    await service.delete("ses_1", { id: "k", digest: "d" });
    expect(registries.sessions.reply("k")).toMatchObject({
      status: 200,
      body: { session: { id: "ses_1", state: "idle" } },
    });
  });
});

test("lists: workers and archived ones only when asked for", async () => {
  const { service } = await setUp([
    created({ id: "ses_1", threadId: "t1" }),
    created({ id: "ses_2", threadId: "t2", purpose: "worker" }),
    created({ id: "ses_3", threadId: "t3", archived: true, cwd: "/elsewhere" }),
    created({ id: "ses_4", threadId: "t4" }),
    accepted({ sessionId: "ses_4" }),
    event("session.noise"),
  ]);
  const idsOf = (query: Record<string, string>) => service.list({ limit: 10, ...query }).rows.map(({ id }) => id);
  expect(idsOf({})).toEqual(["ses_4", "ses_1"]);
  expect(idsOf({ purpose: "worker" })).toEqual(["ses_2"]);
  expect(idsOf({ state: "archived" })).toEqual(["ses_3"]);
  expect(idsOf({ state: "running" })).toEqual(["ses_4"]);
  expect(idsOf({ cwd: "/home/u/project" })).toEqual(["ses_4", "ses_1"]);
  expect(service.list({ limit: 1 })).toMatchObject({ nextCursor: "ses_4" });
});

describe("searching the list", () => {
  const titled = (id: string, title: string | undefined, more: Record<string, unknown> = {}) =>
    created({ id, threadId: `t-${id}`, ...(title === undefined ? {} : { title }), ...more });
  const setUpTitles = () =>
    setUp([
      titled("ses_1", "Grüße an Émile"),
      titled("ses_2", undefined),
      titled("ses_3", "the RELEASE notes"),
      titled("ses_4", "release", { purpose: "worker" }),
      titled("ses_5", "release, archived", { archived: true }),
      titled("ses_6", "prerelease"),
    ]);

  test("by a part of the title, in any case, under the other filters", async () => {
    const { service } = await setUpTitles();
    const idsOf = (query: Record<string, string>) => service.list({ limit: 10, ...query }).rows.map(({ id }) => id);
    expect(idsOf({ q: "Release" })).toEqual(["ses_6", "ses_3"]);
    expect(idsOf({ q: "grÜSSE" })).toEqual([]);
    expect(idsOf({ q: "GRÜ" })).toEqual(["ses_1"]);
    expect(idsOf({ q: "release", purpose: "worker" })).toEqual(["ses_4"]);
    expect(idsOf({ q: "release", state: "archived" })).toEqual(["ses_5"]);
    expect(idsOf({ q: "nothing" })).toEqual([]);
  });

  test("those in whose text it was found stand among them, page by page", async () => {
    const { service } = await setUpTitles();
    const hits = new Set(["ses_2", "ses_5", "ses_gone"]);
    const first = service.list({ limit: 2, q: "release" }, hits);
    expect([first.rows.map(({ id }) => id), first.nextCursor]).toEqual([["ses_6", "ses_3"], "ses_3"]);
    const second = service.list({ limit: 2, q: "release", cursor: "ses_3" }, hits);
    expect([second.rows.map(({ id }) => id), second.nextCursor]).toEqual([["ses_2"], null]);
  });
});

test("a session for a fork says where it came from, and can be taken back", async () => {
  const { service, scratchDir } = await setUp();
  const { session, event: made } = service.prepare({ title: "copy" }, "ses_1");
  expect(session).toMatchObject({ forkedFrom: "ses_1", title: "copy", cwdOwned: true });
  expect(made).toMatchObject({ type: "session.created", sessionId: "ses_new1", data: { session } });
  expect(fs.readdirSync(scratchDir)).toEqual(["ses_new1"]);
  await service.discard(session);
  expect(fs.readdirSync(scratchDir)).toEqual([]);
});

test("a deletion waits for the command that holds the session", async () => {
  const { service, types } = await setUp([created()]);
  let end!: () => void;
  const held = service.gate.run("ses_1", () => new Promise<void>((resolve) => (end = resolve)));
  const deleted = service.delete("ses_1", undefined);
  expect(await types()).toEqual(["session.created"]);
  end();
  await Promise.all([held, deleted]);
  expect(await types()).toEqual(["session.created", "session.deleted"]);
});

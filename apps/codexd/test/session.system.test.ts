import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { SessionList, SessionReply, type Session } from "@baa/contracts";
import { findNativeCodex, type PlainReply } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { createSession, problemOf, readSession, readTurn, runTurn, startTurn, turnsPath } from "./support/drive.ts";
import { command, done, refusal, rolloutsOf, withTurn } from "./support/session-requests.ts";
import { startSystem, type System, useSystem } from "./support/system.ts";

const system = useSystem();

/** Those that need a child. */
const COMMANDS = ["resume", "archive", "fork", "compact"] as const;

const sessionOf = (reply: PlainReply): Session => SessionReply.parse(reply.json).session;
const list = async (of: System, query = ""): Promise<SessionList> =>
  SessionList.parse((await of.codexd.request("GET", `/v1/codexd/sessions${query}`)).json);
type SessionList = ReturnType<(typeof SessionList)["parse"]>;
const idsOf = ({ sessions }: SessionList): string[] => sessions.map(({ id }) => id);

describe("archive and resume", () => {
  test("an archived session takes no turns and is listed only when asked for; resumed, it goes on where it was", async () => {
    const { provider } = system();
    const { session } = await withTurn(system(), "arch-1 remember the heron");
    const archived = await done(command(system(), session.id, "archive", undefined, "arch-key"));
    expect(archived).toMatchObject({ state: "archived", threadId: session.threadId });
    expect(await done(command(system(), session.id, "archive", undefined, "arch-key"))).toEqual(archived);
    expect(rolloutsOf(system(), session.threadId)).toEqual(["archived_sessions"]);
    expect(idsOf(await list(system()))).not.toContain(session.id);
    expect(idsOf(await list(system(), "?state=archived"))).toContain(session.id);
    expect(await refusal(system().ledger.post(turnsPath(session.id), { input: "no" }))).toEqual({
      status: 409,
      code: "session_archived",
    });
    expect(await done(command(system(), session.id, "resume"))).toMatchObject({ state: "idle" });
    expect(rolloutsOf(system(), session.threadId)).toEqual(["sessions"]);
    expect((await runTurn(system(), session.id, "arch-2")).state).toBe("completed");
    expect(JSON.stringify((await provider.waitForRequest("arch-2")).body)).toContain("remember the heron");
  });

  test("not while a turn is in progress; resuming is not disturbed by one", async () => {
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[deltas=3 hold=busy after=1]] busy-1");
    await system().provider.held("busy");
    for (const name of ["archive", "compact"])
      expect(await refusal(command(system(), session.id, name))).toEqual({ status: 409, code: "turn_active" });
    expect(await done(command(system(), session.id, "resume"))).toMatchObject({ state: "running" });
    system().provider.release("busy");
    await system().ledger.waitForEnd(turn.id);
  });

  test("turns that are started while it is archived and resumed again and again: taken or refused, none is lost", async () => {
    const { session } = await withTurn(system(), "race-0");
    const codes: unknown[] = [];
    for (let round = 0; round < 6; round += 1) {
      const replies = await Promise.all([
        command(system(), session.id, round % 2 === 0 ? "archive" : "resume"),
        system().ledger.post(turnsPath(session.id), { input: `race-${round + 1}` }),
        command(system(), session.id, "archive"),
      ]);
      const turn = (replies[1].json as { turn?: { id: string } }).turn;
      if (turn) expect(await system().ledger.waitForEnd(turn.id)).toMatchObject({ type: "turn.completed" });
      for (const reply of replies) if (reply.status >= 400) codes.push(problemOf(reply).code);
      await done(command(system(), session.id, "resume"));
    }
    expect(codes.filter((code) => code !== "session_archived" && code !== "turn_active")).toEqual([]);
    expect((await runTurn(system(), session.id, "race-end")).state).toBe("completed");
  });

  test("a session in which nothing was said", async () => {
    const session = await createSession(system());
    expect(await done(command(system(), session.id, "resume"))).toMatchObject({ durable: false });
    expect(await done(command(system(), session.id, "archive"))).toMatchObject({ state: "archived" });
    expect(await done(command(system(), session.id, "resume"))).toMatchObject({ state: "idle" });
    expect((await runTurn(system(), session.id, "nothing-1")).state).toBe("completed");
  });

  test("a thread that somebody else put into Codex's archive is taken out for the next turn", async (t) => {
    const other = await startSystem(t);
    const { session } = await withTurn(other, "outside-1");
    await other.codexd.stop();
    const { codexHome: CODEX_HOME, home: HOME } = other.codexd.layout;
    execFileSync(findNativeCodex() as string, ["archive", session.threadId as string], { env: { CODEX_HOME, HOME } });
    expect(rolloutsOf(other, session.threadId)).toEqual(["archived_sessions"]);
    await other.codexd.start();
    expect((await runTurn(other, session.id, "outside-2")).state).toBe("completed");
    await other.ledger.assertConsistent();
  });
});

describe("fork", () => {
  test("the copy knows what was said up to the turn, and each goes its own way", async () => {
    const { provider, ledger } = system();
    const { session, turn } = await withTurn(system(), "fork-1 the otter", { title: "source" });
    await runTurn(system(), session.id, "fork-2 the badger");
    const fork = await done(command(system(), session.id, "fork", { turnId: turn.id }, "fork-key"), 201);
    expect(fork).toMatchObject({ forkedFrom: session.id, title: "source", durable: true, state: "idle" });
    expect(fork.threadId).not.toBe(session.threadId);
    expect(fork.cwd).not.toBe(session.cwd);
    expect(await done(command(system(), session.id, "fork", { turnId: turn.id }, "fork-key"), 201)).toEqual(fork);
    expect(await ledger.waitFor((e) => e.type === "session.created" && e.sessionId === fork.id)).toMatchObject({
      data: { session: { forkedFrom: session.id } },
    });
    await runTurn(system(), fork.id, "fork-3");
    const body = JSON.stringify((await provider.waitForRequest("fork-3")).body);
    expect([body.includes("the otter"), body.includes("the badger")]).toEqual([true, false]);
    await runTurn(system(), session.id, "fork-4");
    expect(JSON.stringify((await provider.waitForRequest("fork-4")).body)).not.toContain("fork-3");
  });

  test("of a session with a turn in progress: the source goes on undisturbed", async () => {
    const { session } = await withTurn(system(), "mid-1 the lynx");
    const turn = await startTurn(system(), session.id, "[[deltas=4 hold=mid after=2]] mid-2");
    await system().provider.held("mid");
    const fork = await done(command(system(), session.id, "fork"), 201);
    expect(await refusal(command(system(), session.id, "fork", { turnId: turn.id }))).toMatchObject({
      code: "turn_active",
    });
    expect((await runTurn(system(), fork.id, "mid-3")).state).toBe("completed");
    expect(JSON.stringify((await system().provider.waitForRequest("mid-3")).body)).toContain("the lynx");
    system().provider.release("mid");
    expect(await system().ledger.waitForEnd(turn.id)).toMatchObject({ type: "turn.completed" });
  });

  test("under stricter settings, and refused outside the policy and while there is nothing to copy", async () => {
    const empty = await createSession(system(), { sandbox: "workspace-write" });
    expect(await refusal(command(system(), empty.id, "fork"))).toEqual({ status: 409, code: "session_empty" });
    await runTurn(system(), empty.id, "strict-1");
    const strict = { sandbox: "read-only", purpose: "review", metadata: { a: "b" } };
    const fork = await done(command(system(), empty.id, "fork", strict), 201);
    expect(fork).toMatchObject(strict);
    expect((await runTurn(system(), fork.id, "[[run: touch denied.txt]] strict-2")).state).toBe("completed");
    expect(fs.existsSync(path.join(fork.cwd, "denied.txt"))).toBe(false);
    expect(await refusal(command(system(), empty.id, "fork", { sandbox: "danger-full-access" }))).toEqual({
      status: 403,
      code: "policy_denied",
    });
  });
});

test("compact: Codex's own turn follows, and no other is accepted before it has ended", async () => {
  const { session } = await withTurn(system(), "compact-1");
  const key = "compact-key";
  const replied = command(system(), session.id, "compact", undefined, key);
  expect(await done(replied, 202)).toMatchObject({ id: session.id });
  const accepted = await system().ledger.waitFor(
    (e) => e.type === "turn.accepted" && e.sessionId === session.id && e.data["origin"] === "codex",
  );
  await system().ledger.waitForEnd(accepted.turnId as string);
  const turn = await readTurn(system(), { id: accepted.turnId as string, sessionId: session.id });
  expect([turn.state, turn.origin, turn.items.map(({ type }) => type)]).toEqual([
    "completed",
    "codex",
    ["contextCompaction"],
  ]);
  expect(sessionOf(await command(system(), session.id, "compact", undefined, key))).toEqual(sessionOf(await replied));
  const started = system()
    .ledger.events()
    .filter((e) => e.type === "turn.accepted" && e.sessionId === session.id);
  expect(started).toHaveLength(2);
  expect((await runTurn(system(), session.id, "compact-2")).state).toBe("completed");
  const empty = await createSession(system());
  expect(await refusal(command(system(), empty.id, "compact"))).toEqual({ status: 409, code: "session_empty" });
});

test("name: the title is changed, told as an event, and told to Codex", async () => {
  const { session } = await withTurn(system(), "name-1");
  expect(await done(command(system(), session.id, "name", { title: "Kestrel" }))).toMatchObject({ title: "Kestrel" });
  await system().ledger.waitFor(
    (e) =>
      e.type === "codex.notification" &&
      e.sessionId === session.id &&
      e.data["method"] === "thread/name/updated" &&
      JSON.stringify(e.data).includes("Kestrel"),
  );
  expect(await readSession(system(), session.id)).toMatchObject({ title: "Kestrel", durable: true });
});

describe("search", () => {
  test("by title and by what was said, on either side of the archive, page by page", async () => {
    const { session: said } = await withTurn(system(), "the Axolotl swims");
    const { session: answered } = await withTurn(system(), "[[say: I saw an aXolotl too]] q");
    const titled = await createSession(system(), { title: "axolotls" });
    const { session: archived } = await withTurn(system(), "axolotl, archived");
    await done(command(system(), archived.id, "archive"));
    const found = await list(system(), "?q=axolotl");
    expect([idsOf(found), found.partial]).toEqual([[titled.id, answered.id, said.id], undefined]);
    expect(idsOf(await list(system(), "?q=AXOLOTL&state=archived"))).toEqual([archived.id]);
    const first = await list(system(), "?q=axolotl&limit=2");
    expect(idsOf(first)).toEqual([titled.id, answered.id]);
    const second = await list(system(), `?q=axolotl&limit=2&cursor=${first.nextCursor}`);
    expect([idsOf(second), second.nextCursor]).toEqual([[said.id], null]);
  });

  test("without a child: by title only, and it says so; commands that need one are refused", async (t) => {
    const other = await startSystem(t);
    const { session } = await withTurn(other, "the pangolin");
    const ids: string[] = [];
    for (const name of COMMANDS) ids.push((await withTurn(other, `before ${name}`)).session.id);
    const titled = await createSession(other, { title: "pangolin" });
    const env = { BAA_CODEXD_SERVER_COMMAND: "/bin/false" };
    await other.codexd.restart({ signal: "SIGKILL", until: "listening", env });
    const found = await list(other, "?q=pangolin");
    expect([idsOf(found), found.partial]).toEqual([[titled.id], ["codex"]]);
    const refusals = COMMANDS.map((name, index) => refusal(command(other, ids[index] as string, name)));
    for (const refused of await Promise.all(refusals))
      expect(refused).toEqual({ status: 503, code: "child_unavailable" });
    expect(await done(command(other, session.id, "name", { title: "still" }))).toMatchObject({ title: "still" });
  });
});

test("the whole of it is consistent", async () => {
  await system().ledger.assertConsistent();
});

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { FileList, FileReply, SessionList, SessionReply, type Session, type UploadedFile } from "@baa/contracts";
import { findNativeCodex, type PlainReply } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import {
  createSession,
  problemOf,
  readSession,
  readTurn,
  runTurn,
  startTurn,
  turnEvent,
  turnsPath,
  until,
} from "./support/drive.ts";
import { startSystem, type System, useSystem } from "./support/system.ts";

const system = useSystem();
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** Those that need a child. */
const COMMANDS = ["resume", "archive", "fork", "compact"] as const;

const pathOf = (id: string, command = ""): string => `/v1/codexd/sessions/${id}${command && `/${command}`}`;
const command = (of: System, id: string, name: string, body?: unknown, key?: string): Promise<PlainReply> =>
  of.ledger.post(pathOf(id, name), body ?? {}, key === undefined ? {} : { "idempotency-key": key });
const sessionOf = (reply: PlainReply): Session => SessionReply.parse(reply.json).session;
const done = async (reply: Promise<PlainReply>, status = 200): Promise<Session> => {
  const { status: got, text, json } = await reply;
  expect([got, text]).toEqual([status, expect.any(String)]);
  return SessionReply.parse(json).session;
};
const refusal = async (reply: Promise<PlainReply>) => problemOf(await reply);
const list = async (of: System, query = ""): Promise<SessionList> =>
  SessionList.parse((await of.codexd.request("GET", `/v1/codexd/sessions${query}`)).json);
type SessionList = ReturnType<(typeof SessionList)["parse"]>;
const idsOf = ({ sessions }: SessionList): string[] => sessions.map(({ id }) => id);

/** Names of the files in which Codex keeps a thread, in its archive or outside. */
const rolloutsOf = (of: System, threadId = "none"): string[] =>
  ["sessions", "archived_sessions"].flatMap((name) => {
    const dir = path.join(of.codexd.layout.codexHome, name);
    if (!fs.existsSync(dir)) return [];
    const files = fs.readdirSync(dir, { recursive: true, encoding: "utf8" });
    return files.filter((one) => one.endsWith(`${threadId}.jsonl`)).map(() => name);
  });
const withTurn = async (of: System, marker: string, more: Parameters<typeof createSession>[1] = {}) => {
  const session = await createSession(of, more);
  const turn = await runTurn(of, session.id, marker);
  expect(turn.state).toBe("completed");
  return { session: await readSession(of, session.id), turn };
};

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

const upload = async (of: System, sessionId: string, file: { name: string; mediaType?: string; bytes: Buffer }) => {
  const { bytes, ...rest } = file;
  const reply = await of.ledger.post(pathOf(sessionId, "files"), { ...rest, data: bytes.toString("base64") });
  expect([reply.status, reply.text]).toEqual([201, expect.any(String)]);
  return FileReply.parse(reply.json).file;
};
const placeOf = (of: System, file: UploadedFile): string =>
  path.join(of.codexd.layout.tmpDir, "uploads", file.sessionId, file.id, file.name);
/** The parts of the last thing that the user said, as the model was given it. */
const shownTo = async (of: System, marker: string): Promise<{ type: string; text?: string; image_url?: string }[]> => {
  const { body } = await of.provider.waitForRequest(marker);
  const { input } = body as { input: { role?: string; content: { type: string }[] }[] };
  return input.findLast(({ role }) => role === "user")?.content ?? [];
};
const PNG_URL = `data:image/png;base64,${PNG.toString("base64")}`;

describe("files and pictures", () => {
  test("an uploaded picture reaches the model, another file is named to it and can be read", async () => {
    const session = await createSession(system());
    const picture = await upload(system(), session.id, { name: "dot.png", mediaType: "image/png", bytes: PNG });
    const words = await upload(system(), session.id, { name: "words.txt", bytes: Buffer.from("upload-words") });
    expect(words).toMatchObject({ mediaType: "application/octet-stream", bytes: 12 });
    const listed = FileList.parse((await system().codexd.request("GET", pathOf(session.id, "files"))).json);
    expect(listed.files).toEqual([words, picture]);
    expect(fs.statSync(placeOf(system(), words)).mode & 0o777).toBe(0o600);
    const place = placeOf(system(), words);
    const turn = await startTurn(system(), session.id, [
      { type: "text", text: `[[run: cat ${place}]] up-1` },
      { type: "upload", fileId: picture.id },
      { type: "upload", fileId: words.id },
    ]);
    await system().ledger.waitForEnd(turn.id);
    const shown = await shownTo(system(), "up-1");
    expect(shown.map(({ image_url }) => image_url)).toContain(PNG_URL);
    expect(shown.map(({ text }) => text)).toContain(`File "words.txt": ${place}`);
    expect((await readTurn(system(), turn)).text).toContain("upload-words");
  });

  test("pictures in the request and on the disk reach the model; a mention is named; a steer may carry them too", async () => {
    const cwd = system().codexd.workDir("pictures");
    fs.writeFileSync(path.join(cwd, "a.png"), PNG);
    fs.writeFileSync(path.join(cwd, "note.txt"), "note");
    const session = await createSession(system(), { cwd });
    const turn = await startTurn(system(), session.id, [
      { type: "text", text: "[[deltas=3 hold=pics after=1]] pics-1" },
      { type: "image", url: PNG_URL },
      { type: "localImage", path: path.join(cwd, "a.png") },
    ]);
    await system().provider.held("pics");
    const images = (await shownTo(system(), "pics-1")).filter(({ image_url }) => image_url === PNG_URL);
    expect(images).toHaveLength(2);
    const steer = await system().ledger.post(`${turnsPath(session.id)}/${turn.id}/steer`, {
      input: [
        { type: "text", text: "pics-2" },
        { type: "localImage", path: path.join(cwd, "a.png") },
        { type: "mention", name: "note.txt", path: path.join(cwd, "note.txt") },
      ],
    });
    expect([steer.status, steer.text]).toEqual([202, expect.any(String)]);
    system().provider.release("pics");
    await system().ledger.waitForEnd(turn.id);
    const shown = await shownTo(system(), "pics-2");
    expect(shown.filter(({ image_url }) => image_url === PNG_URL)).toHaveLength(1);
    expect(shown.map(({ text }) => text)).toContain(`File "note.txt": ${path.join(cwd, "note.txt")}`);
  });

  test("what does not exist, lies outside, or is no picture is refused and the model is not asked", async () => {
    const session = await createSession(system());
    const { stateDir, home } = system().codexd.layout;
    fs.writeFileSync(path.join(home, "fake.png"), "fake");
    const asked: [object, number, string][] = [
      [{ type: "localImage", path: path.join(home, "none.png") }, 422, "invalid"],
      [{ type: "localImage", path: path.join(home, "fake.png") }, 422, "invalid"],
      [{ type: "image", url: "https://example.com/a.png" }, 422, "invalid"],
      [{ type: "mention", name: "t", path: path.join(stateDir, "token") }, 403, "policy_denied"],
      [{ type: "mention", name: "t", path: "/etc/hostname" }, 403, "policy_denied"],
      [{ type: "upload", fileId: `file_${"0".repeat(32)}` }, 422, "invalid"],
    ];
    for (const [item, status, code] of asked) {
      const input = [{ type: "text", text: "refused-input" }, item];
      expect(await refusal(system().ledger.post(turnsPath(session.id), { input }))).toEqual({ status, code });
    }
    expect(system().provider.modelCalls("refused-input")).toBe(0);
  });

  test("a file that is gone when its turn comes fails the turn by name, and the model is not asked", async () => {
    const cwd = system().codexd.workDir("gone");
    const file = path.join(cwd, "a.png");
    fs.writeFileSync(file, PNG);
    const session = await createSession(system(), { cwd });
    const first = await startTurn(system(), session.id, "[[deltas=2 hold=gone after=1]] gone-1");
    await system().provider.held("gone");
    const second = await startTurn(
      system(),
      session.id,
      [
        { type: "text", text: "gone-2" },
        { type: "localImage", path: file },
      ],
      { ifBusy: "queue" },
    );
    fs.rmSync(file);
    system().provider.release("gone");
    await system().ledger.waitForEnd(first.id);
    expect(await system().ledger.waitForEnd(second.id)).toMatchObject({
      type: "turn.failed",
      data: { error: { code: "input_gone", message: expect.stringContaining(file), retryable: false } },
    });
    expect(system().provider.modelCalls("gone-2")).toBe(0);
  });

  test("bounds: 8 MiB fit, one byte more does not; names do not leave the directory", async () => {
    const session = await createSession(system());
    const largest = await upload(system(), session.id, { name: "large", bytes: Buffer.alloc(8 * 1024 * 1024, 7) });
    expect(largest.bytes).toBe(8 * 1024 * 1024);
    const send = (body: object) => refusal(system().ledger.post(pathOf(session.id, "files"), body));
    const tooLarge = Buffer.alloc(8 * 1024 * 1024 + 1).toString("base64");
    expect(await send({ name: "x", data: tooLarge })).toEqual({ status: 413, code: "payload_too_large" });
    for (const name of ["..", ".", "a/b", "a\\b", "", "a\u0000"])
      expect(await send({ name, data: "" })).toEqual({ status: 422, code: "invalid" });
    expect(await send({ name: "x", data: "not base64!" })).toEqual({ status: 422, code: "invalid" });
  });
});

describe("deleting", () => {
  const purged = (of: System, sessionId: string) =>
    of.ledger.waitFor((e) => e.type === "session.purged" && e.sessionId === sessionId);

  test("takes the session's files and Codex's copy with it", async () => {
    const { session } = await withTurn(system(), "delete-1 the tapir");
    const file = await upload(system(), session.id, { name: "f", bytes: Buffer.from("f") });
    await done(system().ledger.request("DELETE", pathOf(session.id)));
    expect([fs.existsSync(session.cwd), fs.existsSync(placeOf(system(), file))]).toEqual([false, false]);
    await purged(system(), session.id);
    expect(rolloutsOf(system(), session.threadId)).toEqual([]);
  });

  test("an archived one too; of a fork only the copy goes", async () => {
    const { session: archived } = await withTurn(system(), "delete-2");
    await done(command(system(), archived.id, "archive"));
    await done(system().ledger.request("DELETE", pathOf(archived.id)));
    await purged(system(), archived.id);
    expect(rolloutsOf(system(), archived.threadId)).toEqual([]);
    const { session } = await withTurn(system(), "delete-3");
    const fork = await done(command(system(), session.id, "fork"), 201);
    await done(system().ledger.request("DELETE", pathOf(fork.id)));
    await purged(system(), fork.id);
    expect([rolloutsOf(system(), fork.threadId), rolloutsOf(system(), session.threadId)]).toEqual([[], ["sessions"]]);
  });

  test("a thread that was adopted stays Codex's", async (t) => {
    const other = await startSystem(t);
    const { session } = await withTurn(other, "delete-7");
    // Without its log this codexd has never heard of the thread.
    await other.codexd.stop();
    const { stateDir, logsDir } = other.codexd.layout;
    fs.rmSync(logsDir, { recursive: true });
    for (const name of fs.readdirSync(stateDir))
      if (name.includes("-registry.json")) fs.rmSync(path.join(stateDir, name));
    await other.codexd.start();
    const adopted = await createSession(other, { threadId: session.threadId as string });
    expect((await other.codexd.request("DELETE", pathOf(adopted.id))).status).toBe(200);
    await until("nothing is left to purge", () =>
      fs.readFileSync(path.join(logsDir, "events.jsonl"), "utf8").includes('"session.purged"'),
    );
    expect(rolloutsOf(other, session.threadId)).toEqual(["sessions"]);
    expect(fs.existsSync(session.cwd)).toBe(true);
  });

  test("Codex keeps a source while a fork needs it: it goes when the fork does, over a restart too", async (t) => {
    const other = await startSystem(t);
    const { session } = await withTurn(other, "delete-4 the ibex");
    const fork = await done(command(other, session.id, "fork"), 201);
    await done(other.ledger.request("DELETE", pathOf(session.id)));
    expect((await runTurn(other, fork.id, "delete-5")).state).toBe("completed");
    expect(rolloutsOf(other, session.threadId)).toEqual(["sessions"]);
    await other.codexd.restart({ signal: "SIGKILL" });
    await done(other.ledger.request("DELETE", pathOf(fork.id)));
    await Promise.all([purged(other, session.id), purged(other, fork.id)]);
    expect([...rolloutsOf(other, session.threadId), ...rolloutsOf(other, fork.threadId)]).toEqual([]);
    await other.ledger.assertConsistent();
  });

  test("killed before anything was removed: the next start removes it", async (t) => {
    const other = await startSystem(t);
    const { session } = await withTurn(other, "delete-6");
    const file = await upload(other, session.id, { name: "f", bytes: Buffer.from("f") });
    // The child hangs, so its copy cannot be deleted in this life.
    process.kill(await other.codexd.childPid(), "SIGSTOP");
    await done(other.ledger.request("DELETE", pathOf(session.id)));
    expect(rolloutsOf(other, session.threadId)).toEqual(["sessions"]);
    await other.codexd.kill();
    fs.mkdirSync(path.dirname(placeOf(other, file)), { recursive: true });
    await other.codexd.start();
    await purged(other, session.id);
    expect(rolloutsOf(other, session.threadId)).toEqual([]);
    expect(fs.existsSync(path.join(other.codexd.layout.tmpDir, "uploads", session.id))).toBe(false);
  });
});

test("uploads survive a kill; what was written and never recorded is removed", async (t) => {
  const other = await startSystem(t);
  const session = await createSession(other);
  const file = await upload(other, session.id, { name: "kept.txt", bytes: Buffer.from("kept") });
  await other.codexd.kill();
  const cut = path.join(other.codexd.layout.tmpDir, "uploads", session.id, `file_${"1".repeat(32)}`);
  fs.mkdirSync(cut);
  await other.codexd.start();
  await until("the unrecorded one is gone", () => !fs.existsSync(cut));
  expect(fs.readFileSync(placeOf(other, file), "utf8")).toBe("kept");
  const turn = await startTurn(other, session.id, [{ type: "upload", fileId: file.id }]);
  expect(await turnEvent(other, turn.id, "turn.completed")).toBeDefined();
});

test("the whole of it is consistent", async () => {
  await system().ledger.assertConsistent();
});

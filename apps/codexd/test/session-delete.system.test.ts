import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { createSession, runTurn, until } from "./support/drive.ts";
import { command, done, pathOf, rolloutsOf, withTurn } from "./support/session-requests.ts";
import { startSystem, type System, useSystem } from "./support/system.ts";
import { placeOf, upload } from "./support/uploads.ts";

const system = useSystem();

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

test("the whole of it is consistent", async () => {
  await system().ledger.assertConsistent();
});

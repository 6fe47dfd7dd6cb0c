import fs from "node:fs";
import path from "node:path";
import { ChildUnavailableError, RpcError } from "@baa/codex-app-server";
import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../src/journal/journal.ts";
import { SessionPurger } from "../../src/sessions/session-purger.ts";
import { created, event } from "../support/records.ts";
import { setUpSessions } from "../support/sessions.ts";

const deleted = (sessionId = "ses_1"): NewEvent => event("session.deleted", {}, { sessionId });
const FORKED = "cannot delete thread thr_1: forked history still references it";

const setUp = async (events: readonly NewEvent[] = []) => {
  const base = await setUpSessions(events);
  const { child, journal, files, logger, registries } = base;
  child.answer("thread/delete", () => ({}));
  const purger = new SessionPurger({ journal, child: child.port, files, logger });
  const pending = () => registries.sessions.purges().map(({ id }) => id);
  const isPurged = async () => {
    await purger.idle();
    expect(pending()).toEqual([]);
  };
  const threads = () => child.sent.map(({ params }) => params["threadId"]);
  return { ...base, purger, pending, isPurged, threads };
};
const refuse = (message: string) => () => {
  throw new RpcError({ code: -32600, message });
};

describe("after a deletion", () => {
  test("files, scratch directory and Codex's copy go, and the log says when nothing is left", async () => {
    const { journal, isPurged, child, filesRemoved, dir, types } = await setUp();
    const cwd = path.join(dir, "scratch");
    fs.mkdirSync(path.join(cwd, "deep"), { recursive: true });
    child.markLoaded("thr_1", true);
    journal.append([created({ cwd, cwdOwned: true }), deleted()]);
    await isPurged();
    expect(filesRemoved).toContain("ses_1");
    expect(fs.existsSync(cwd)).toBe(false);
    expect(child.sent).toEqual([{ method: "thread/delete", params: { threadId: "thr_1" } }]);
    expect(child.isLoaded("thr_1")).toBe(false);
    expect(await types()).toEqual(["session.created", "session.deleted", "session.purged"]);
  });

  test("a thread that was only borrowed stays, as does one that another session holds by now", async () => {
    const { journal, isPurged, child } = await setUp();
    journal.append([created({ adopted: true }), deleted()]);
    await isPurged();
    journal.append([created(), deleted(), created({ id: "ses_2", adopted: true })]);
    await isPurged();
    expect(child.sent).toEqual([]);
  });

  test("a directory that was only borrowed stays", async () => {
    const { journal, isPurged, project } = await setUp();
    journal.append([created({ cwd: project }), deleted()]);
    await isPurged();
    expect(fs.existsSync(project)).toBe(true);
  });

  test("a thread that Codex does not have is gone", async () => {
    const { journal, isPurged, child } = await setUp();
    child.answer("thread/delete", refuse("no rollout found for thread id thr_1"));
    journal.append([created(), deleted()]);
    await isPurged();
  });
});

describe("what cannot be done at once", () => {
  test("no child: done when the next one is ready", async () => {
    const { journal, isPurged, child, pending, purger } = await setUp();
    child.isReady = false;
    journal.append([created(), deleted()]);
    await purger.idle();
    expect([pending(), child.sent]).toEqual([["ses_1"], []]);
    child.becomeReady(2);
    await isPurged();
    expect(child.methods()).toEqual(["thread/delete"]);
  });

  test("a child that dies over it: done by the next one", async () => {
    const { journal, isPurged, child, pending, purger } = await setUp();
    child.answer("thread/delete", () => {
      throw new ChildUnavailableError("gone", { sent: true });
    });
    journal.append([created(), deleted()]);
    await purger.idle();
    expect(pending()).toEqual(["ses_1"]);
    child.answer("thread/delete", () => ({}));
    child.becomeReady(2);
    await isPurged();
  });

  test("a former daemon's list is gone on with", async () => {
    const { purger, isPurged, child } = await setUp([created(), deleted()]);
    purger.start();
    await isPurged();
    expect(child.methods()).toEqual(["thread/delete"]);
  });

  test("a source is kept by Codex as long as its fork: it goes after the fork, without being asked for again", async () => {
    const { journal, isPurged, child, pending, purger, threads } = await setUp();
    const gone = new Set<unknown>();
    child.answer("thread/delete", ({ threadId }) => {
      if (threadId === "thr_1" && !gone.has("thr_2")) refuse(FORKED)();
      gone.add(threadId);
      return {};
    });
    journal.append([created(), created({ id: "ses_2", threadId: "thr_2", forkedFrom: "ses_1" }), deleted()]);
    await purger.idle();
    expect([pending(), threads()]).toEqual([["ses_1"], ["thr_1"]]);
    journal.append([deleted("ses_2")]);
    await isPurged();
    expect(threads()).toEqual(["thr_1", "thr_1", "thr_2", "thr_1"]);
  });

  test("one that fails does not hold up another", async () => {
    const { journal, child, pending, purger, lines, files } = await setUp();
    files.removeSession = async (id) => {
      if (id === "ses_1") throw new Error("EPERM");
    };
    journal.append([created(), created({ id: "ses_2", threadId: "thr_2" }), deleted(), deleted("ses_2")]);
    await purger.idle();
    expect(pending()).toEqual(["ses_1"]);
    expect(child.sent.map(({ params }) => params["threadId"])).toEqual(["thr_2"]);
    expect(lines.map(({ event: name }) => name)).toContain("session.purge.failed");
  });
});

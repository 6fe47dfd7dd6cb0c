import fs from "node:fs";
import path from "node:path";
import { LogDamagedError, verifyLog } from "@baa/storage";
import { expect, onTestFinished, test } from "vitest";
import { CheckpointWriter, loadRegistries } from "../../src/journal/checkpoints.ts";
import { Forgetter, FORGET_WITHIN_MS } from "../../src/journal/forgetter.ts";
import { Journal } from "../../src/journal/journal.ts";
import type { StoredEvent } from "../../src/registry/records.ts";
import { Registries } from "../../src/registry/registries.ts";
import { AT, openLog, readAll } from "../support/journal.ts";
import {
  accepted,
  created,
  delta,
  event,
  forwarding,
  itemCompleted,
  itemStarted,
  numbered,
  SESSION,
  started,
} from "../support/records.ts";
import { tempDir } from "../support/temp-dir.ts";

const SECRET = "a secret of the session";
const idempotency = (id: string, body: unknown) => ({ idempotency: { id, digest: `d-${id}`, status: 200, body } });

/** A session's whole life with a secret in everything that can hold one. */
const LIFE = [
  created({ title: SECRET, metadata: { about: SECRET } }),
  accepted({}, { input: SECRET, ...idempotency("k1", { turn: { id: "turn_1", state: "accepted" } }) }),
  forwarding(),
  started(),
  itemStarted("item_1", "agentMessage", { text: SECRET }),
  delta("item_1", SECRET),
  itemCompleted("item_1", "agentMessage", { text: SECRET }),
  event("turn.steered", { inputId: "inp_1", input: SECRET }),
  event(
    "approval.requested",
    { kind: "command", command: SECRET, decisions: ["accept"], expiresAt: AT },
    { approvalId: "apr_1" },
  ),
  event("approval.resolved", { decision: "accept", note: SECRET }, { approvalId: "apr_1" }),
  event("codex.notification", { method: "x", params: { text: SECRET } }),
  event("turn.failed", { error: { code: "x", message: SECRET, retryable: false } }),
  event("session.updated", { session: { ...SESSION, state: "idle", title: SECRET } }),
];
const DELETED = {
  type: "session.deleted",
  sessionId: "ses_1",
  data: { session: { id: "ses_1", title: SECRET }, ...idempotency("k2", { session: { id: "ses_1", title: SECRET } }) },
};
const OTHER = [created({ id: "ses_2", threadId: "thr_2", title: "stays" })];

interface Life {
  log: Awaited<ReturnType<typeof openLog>>;
  journal: Journal;
  registries: Registries;
  checkpoints: CheckpointWriter;
  forgetter: Forgetter;
  errors: unknown[];
  clock: { nowMs: number };
}

/** One life of the part of codexd that forgets, as core.ts wires it. */
const live = async (dir: string): Promise<Life> => {
  const log = await openLog(path.join(dir, "log"));
  const registries = new Registries();
  const { storedSeq } = loadRegistries(dir, log, registries);
  const journal = new Journal({ log, registries, now: () => AT });
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const checkpoints = new CheckpointWriter({ dir, log, registries, storedSeq, onError });
  const clock = { nowMs: Date.parse(AT) };
  const checkpointedSeq = (): number => checkpoints.safeSeq;
  const forgetter = new Forgetter({ journal, checkpointedSeq, nowMs: () => clock.nowMs, onError });
  journal.onEvent(({ type }) => {
    if (type === "session.deleted") checkpoints.rewrite();
  });
  checkpoints.start();
  forgetter.start();
  onTestFinished(() => forgetter.stop());
  return { log, journal, registries, checkpoints, forgetter, errors, clock };
};

const textOf = (dir: string): string =>
  fs
    .readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(dir, name))
    .filter((file) => fs.statSync(file).isFile())
    .map((file) => fs.readFileSync(file, "utf8"))
    .join("\n");

const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test("a deleted session's text leaves both generations of the checkpoints at once", async () => {
  const dir = tempDir();
  const one = await live(dir);
  one.journal.append([...LIFE, ...OTHER]);
  await one.checkpoints.stop();
  one.journal.append([forwarding()]);
  await one.checkpoints.stop();
  const checkpoints = (): string =>
    fs
      .readdirSync(dir)
      .filter((name) => name.includes("registry"))
      .map((name) => fs.readFileSync(path.join(dir, name), "utf8"))
      .join("\n");
  expect(checkpoints().split(SECRET).length).toBeGreaterThan(2);
  const { lastSeq } = one.log.append([]);
  one.journal.append([DELETED]);
  await until(() => one.checkpoints.safeSeq > lastSeq);
  await one.checkpoints.stop();
  expect(checkpoints()).not.toContain(SECRET);
  expect(checkpoints()).toContain("stays");
  expect(one.errors).toEqual([]);
});

test("at the seal it leaves the log, and that is said; nothing of anybody else changes", async () => {
  const dir = tempDir();
  const one = await live(dir);
  await one.journal.appendVisible([...LIFE, ...OTHER, DELETED]);
  const before = readAll(one.log);
  await until(() => one.checkpoints.safeSeq > 0);
  expect(textOf(dir)).toContain(SECRET);
  one.log.seal();
  await until(() => one.registries.sessions.toForget().length === 0);
  await one.journal.settled();
  const after = readAll(one.log);
  expect(after.at(-1)).toMatchObject({ type: "session.forgotten", sessionId: "ses_1", data: {} });
  expect(after.map(({ type, sessionId }) => [type, sessionId]).slice(0, -1)).toEqual(
    before.map(({ type, sessionId }) => [type, sessionId]),
  );
  expect(after.find(({ type }) => type === "turn.failed")?.data).toEqual({ forgotten: true });
  expect(after.find(({ type }) => type === "turn.accepted")?.data).toEqual({
    forgotten: true,
    ...idempotency("k1", { turn: { id: "turn_1", state: "accepted" } }),
  });
  expect(after.filter(({ sessionId }) => sessionId === "ses_2")).toEqual(
    before.filter(({ sessionId }) => sessionId === "ses_2"),
  );
  expect(textOf(dir)).not.toContain(SECRET);
  expect(one.errors).toEqual([]);
});

test("it is not called forgotten before both generations of the checkpoints have let go of it", async () => {
  const dir = tempDir();
  const one = await live(dir);
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const sync = one.log.sync.bind(one.log);
  one.log.sync = async () => {
    await held;
    return sync();
  };
  one.journal.append([...LIFE, DELETED]);
  one.log.seal();
  await one.forgetter.idle();
  expect(one.registries.sessions.toForget()).toHaveLength(1);
  release();
  await until(() => one.checkpoints.safeSeq > 0);
  one.forgetter.check();
  await until(() => one.registries.sessions.toForget().length === 0);
});

test("within the active segment it waits an hour, then that is sealed for it", async () => {
  const dir = tempDir();
  const one = await live(dir);
  one.journal.append([...LIFE, DELETED]);
  await until(() => one.checkpoints.safeSeq > 0);
  one.clock.nowMs += FORGET_WITHIN_MS - 1;
  one.forgetter.check();
  await one.forgetter.idle();
  expect([one.log.sealedSeq(), one.registries.sessions.toForget().length]).toEqual([0, 1]);
  one.clock.nowMs += 1;
  one.forgetter.check();
  await until(() => one.registries.sessions.toForget().length === 0);
  expect(one.log.sealedSeq()).toBe(14);
});

test("a life that ends before it is done leaves the work to the next one", async () => {
  const dir = tempDir();
  const one = await live(dir);
  one.journal.append([...LIFE, DELETED]);
  one.log.seal();
  one.forgetter.stop();
  await one.log.close();
  const two = await live(dir);
  expect(two.registries.sessions.toForget().map(({ id }) => id)).toEqual(["ses_1"]);
  await until(() => two.checkpoints.safeSeq > 0);
  two.forgetter.check();
  await until(() => two.registries.sessions.toForget().length === 0);
  await two.journal.settled();
  expect(textOf(dir)).not.toContain(SECRET);
  two.forgetter.stop();
  await two.checkpoints.stop();
  await two.log.close();
  const three = await live(dir);
  expect(three.registries.sessions.toForget()).toEqual([]);
});

test("a damaged segment keeps the session among those to be forgotten, and is named once", async () => {
  const dir = tempDir();
  const one = await live(dir);
  one.journal.append([...LIFE, DELETED]);
  await until(() => one.checkpoints.safeSeq > 0);
  one.forgetter.stop();
  one.log.seal();
  const file = path.join(dir, "log", "events.1.jsonl");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(SECRET, SECRET.toUpperCase()));
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const { journal } = one;
  const again = new Forgetter({ journal, checkpointedSeq: () => 99, nowMs: () => 0, onError });
  for (let i = 0; i < 3; i += 1) {
    again.check();
    await again.idle();
  }
  expect(errors).toHaveLength(1);
  expect(errors[0]).toBeInstanceOf(LogDamagedError);
  expect(one.registries.sessions.toForget()).toHaveLength(1);
});

/** Everything that the registries know, as text. */
const known = (registries: Registries): string =>
  JSON.stringify([registries.sessions.entries(), registries.turns.entries(), registries.approvals.entries()]);

test("registries made anew from the log are the same whether it was forgotten or not", async () => {
  const dir = tempDir();
  const one = await live(dir);
  await one.journal.appendVisible([...LIFE, ...OTHER, DELETED]);
  const original = new Registries();
  for (const each of readAll(one.log)) original.apply(each);
  await until(() => one.checkpoints.safeSeq > 0);
  one.log.seal();
  await until(() => one.registries.sessions.toForget().length === 0);
  await one.journal.settled();
  const events = readAll(one.log);
  original.apply(events.at(-1) as StoredEvent);
  const anew = new Registries();
  for (const each of events) anew.apply(each);
  const withoutPurges = (text: string): string => text.replace(/\{"kind":"purge".*?\}\},?/g, "");
  expect(withoutPurges(known(anew))).toBe(withoutPurges(known(original)));
  expect(anew.sessions.reply("k2")).toMatchObject({ digest: "d-k2", status: 200, body: { session: { id: "ses_1" } } });
  one.forgetter.stop();
  await one.checkpoints.stop();
  await one.log.close();
  expect((await verifyLog(path.join(dir, "log"))).damage).toEqual([]);
});

test("no event of a session that was never deleted is touched", async () => {
  const registries = new Registries();
  for (const each of numbered([...LIFE, ...OTHER])) registries.apply(each);
  expect(registries.sessions.toForget()).toEqual([]);
});

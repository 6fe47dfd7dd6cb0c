import fs from "node:fs";
import path from "node:path";
import { writeCheckpoint } from "@baa/storage";
import { expect, test } from "vitest";
import type { KnownThread } from "../../src/cli/salvage/codex-threads.ts";
import { needsCodex, rebuildRegistries } from "../../src/cli/salvage/rebuild.ts";
import { survey } from "../../src/cli/salvage/survey.ts";
import type { Config } from "../../src/config.ts";
import { CHECKPOINT_FILES, REGISTRY_NAMES } from "../../src/journal/checkpoints.ts";
import type { NewEvent } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import type { SessionRecord } from "../../src/registry/records.ts";
import { AT, openLog } from "../support/journal.ts";
import { accepted, created, event, forwarding, numbered, SESSION, started } from "../support/records.ts";
import { tempDir } from "../support/temp-dir.ts";

const hex = (digit: string): string => digit.repeat(32);
const ses = (digit: string): string => `ses_${hex(digit)}`;
const session = (digit: string, o: Partial<SessionRecord> = {}): SessionRecord => ({
  ...SESSION,
  id: ses(digit),
  threadId: `thr_${digit}`,
  ...o,
});
const thread = (id: string, o: Partial<KnownThread> = {}): KnownThread => ({
  id,
  cwd: "/home/u/project",
  name: null,
  createdAt: 1_767_323_045,
  updatedAt: 1_767_323_045,
  archived: false,
  ...o,
});

interface Stage {
  readonly dir: string;
  readonly config: Config;
  readonly file: (name: keyof typeof CHECKPOINT_FILES, suffix?: string) => string;
}

/** A log with these events in segments of four, and no checkpoint yet. */
const stage = async (events: readonly NewEvent[]): Promise<Stage & { logId: string }> => {
  const dir = tempDir();
  const [stateDir, logsDir] = [path.join(dir, "state"), path.join(dir, "log")];
  fs.mkdirSync(stateDir);
  const log = await openLog(logsDir, { segmentRecordsMax: 4 });
  for (const one of events) log.append([{ at: AT, ...one }]);
  await log.close();
  const config = { stateDir, logsDir } as Config;
  return {
    dir,
    config,
    logId: log.logId,
    file: (name, suffix = "") => path.join(stateDir, CHECKPOINT_FILES[name] + suffix),
  };
};

/** Both generations of every checkpoint, as of these events; sessions as given. */
const store = async (s: Stage & { logId: string }, events: readonly NewEvent[], sessions: SessionRecord[] = []) => {
  const registries = new Registries();
  registries.sessions.load(
    sessions.map((record) => ({ kind: "session", record })),
    0,
  );
  for (const one of numbered(events)) registries.apply(one);
  for (const name of REGISTRY_NAMES)
    for (let generation = 0; generation < 2; generation += 1)
      await writeCheckpoint(s.file(name), {
        logId: s.logId,
        appliedSeq: events.length,
        entries: [...registries[name].snapshot()],
      });
};

/** Changes a byte within the text, wherever it stands. */
const damage = (file: string, text: string): void => {
  const bytes = fs.readFileSync(file);
  const at = bytes.indexOf(text);
  if (at < 0) throw new Error(`${text} is not in ${file}`);
  bytes[at] = (bytes[at] as number) ^ 1;
  fs.writeFileSync(file, bytes);
};

const rebuilt = async (s: Stage, threads?: ReadonlyMap<string, KnownThread>) => {
  const found = await survey(s.config);
  return { found, ...rebuildRegistries(s.config.logsDir, found, threads) };
};

const TURN = [accepted(), forwarding(), started(), event("turn.completed")];

test("nothing is wrong: nothing is damaged", async () => {
  const s = await stage([created(), ...TURN]);
  await store(s, [created(), ...TURN]);
  expect(await survey(s.config)).toMatchObject({ isDamaged: false, isLogDamaged: false });
});

test("both generations are damaged and the log is whole: everything is had again, Codex need not be asked", async () => {
  const s = await stage([created(), ...TURN]);
  await store(s, [created(), ...TURN]);
  for (const suffix of ["", ".prev"]) fs.writeFileSync(s.file("sessions", suffix), "garbage");
  const { found, registries } = await rebuilt(s);
  expect([found.isDamaged, needsCodex(found)]).toEqual([true, false]);
  expect(registries.sessions.get("ses_1")).toMatchObject({ threadId: "thr_1", durable: true });
  expect(registries.turns.get("turn_1")).toMatchObject({ state: "completed" });
});

test("one generation is whole: it serves, and that is no damage", async () => {
  const s = await stage([created(), ...TURN]);
  await store(s, [created(), ...TURN]);
  damage(s.file("sessions"), "thr_1");
  expect(await survey(s.config)).toMatchObject({ isDamaged: false });
});

test("a checkpoint of another log is damage", async () => {
  const s = await stage([created()]);
  await store({ ...s, logId: "log_other" }, [created()]);
  const found = await survey(s.config);
  expect(found).toMatchObject({ isDamaged: true });
  expect(found.checkpoints[0]).toMatchObject({ fault: "it belongs to log log_other" });
});

const OLD = [session("a"), session("b", { threadId: "thr_b" }), session("c")];

/** Sessions that only the checkpoints know, since the log no longer reaches back to them. */
const short = async (): Promise<Stage & { logId: string }> => {
  const events = [created(), ...TURN, ...TURN.map((one) => ({ ...one, turnId: "turn_2" }))];
  const s = await stage(events);
  await store(s, events, OLD);
  fs.rmSync(path.join(s.config.logsDir, "events.1.jsonl"));
  return s;
};

test("a log that no longer reaches back: entries that both damaged generations agree on are taken", async () => {
  const s = await short();
  damage(s.file("sessions"), "thr_a");
  damage(s.file("sessions", ".prev"), "thr_b");
  const { found, registries, fromCheckpoint, unconfirmed } = await rebuilt(s);
  expect([found.isDamaged, needsCodex(found)]).toEqual([true, true]);
  expect(fromCheckpoint).toEqual([ses("c")]);
  expect([...unconfirmed].sort()).toEqual([ses("a"), ses("b")]);
  expect(registries.sessions.get(ses("a"))).toBeUndefined();
  const threads = new Map(["thr_a", "thr_b"].map((id) => [id, thread(id)]));
  const asked = await rebuilt(s, threads);
  expect([...asked.fromCheckpoint].sort()).toEqual([ses("a"), ses("b"), ses("c")]);
  expect(asked.registries.sessions.get(ses("a"))).toMatchObject({ threadId: "thr_a" });
});

test("an entry of one generation is taken when Codex has that thread in that directory, else it is named", async () => {
  const s = await short();
  damage(s.file("sessions"), '"crc"');
  fs.writeFileSync(s.file("sessions", ".prev"), "garbage");
  const alone = await rebuilt(s);
  expect([alone.fromCheckpoint, [...alone.unconfirmed].sort()]).toEqual([[], [ses("a"), ses("b"), ses("c")]]);
  const threads = new Map([thread("thr_a"), thread("thr_b", { cwd: "/elsewhere" })].map((one) => [one.id, one]));
  const asked = await rebuilt(s, threads);
  expect([asked.fromCheckpoint, [...asked.unconfirmed].sort()]).toEqual([[ses("a")], [ses("b"), ses("c")]]);
});

test("a session that only events and Codex know is made anew, with the strictest settings", async () => {
  const talk: NewEvent = {
    type: "codex.notification",
    sessionId: ses("d"),
    data: { method: "thread/name/updated", params: { threadId: "thr_d" } },
  };
  const s = await short();
  for (const suffix of ["", ".prev"]) fs.writeFileSync(s.file("sessions", suffix), "garbage");
  const log = await openLog(s.config.logsDir);
  log.append([{ at: AT, ...talk }]);
  await log.close();
  const { fromCodex, registries } = await rebuilt(s, new Map([["thr_d", thread("thr_d", { name: "A title" })]]));
  expect(fromCodex).toEqual([ses("d")]);
  expect(registries.sessions.get(ses("d"))).toMatchObject({
    threadId: "thr_d",
    title: "A title",
    cwd: "/home/u/project",
    cwdOwned: false,
    durable: true,
    sandbox: "read-only",
    approvalPolicy: "on-request",
    createdAt: "2026-01-02T03:04:05.000Z",
  });
});

test("turns whose acceptance is lost are named, the others are folded around the damage", async () => {
  const second = TURN.map((one) => ({ ...one, turnId: "turn_2" }));
  const s = await stage([created(), ...TURN, ...second, event("turn.started")]);
  damage(path.join(s.config.logsDir, "events.5.jsonl"), '"turn.accepted"');
  const { found, registries, partlyKnownTurns } = await rebuilt(s);
  expect(found.log.holes).toEqual([{ from: 6, to: 6 }]);
  expect(registries.turns.get("turn_1")).toMatchObject({ state: "completed" });
  expect(partlyKnownTurns).toEqual(["turn_2"]);
});

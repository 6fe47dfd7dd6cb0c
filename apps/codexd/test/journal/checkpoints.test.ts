import fs from "node:fs";
import path from "node:path";
import { DamagedFileError, type EventLog, writeCheckpoint } from "@baa/storage";
import { describe, expect, test } from "vitest";
import { CheckpointMismatchError, CheckpointWriter, loadRegistries } from "../../src/journal/checkpoints.ts";
import { Journal } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import { AT, openLog } from "../support/journal.ts";
import { accepted, created, delta, event, forwarding, itemStarted, started } from "../support/records.ts";
import { tempDir } from "../support/temp-dir.ts";

const FILES = ["approval-registry.json", "run-registry.json", "session-registry.json"];

interface Boot {
  readonly log: EventLog;
  readonly registries: Registries;
  readonly journal: Journal;
  readonly writer: CheckpointWriter;
  readonly repaired: string[];
}

/** One life of the daemon over `dir`: log opened, checkpoints loaded, tail applied. */
const boot = async (dir: string, o: Parameters<typeof openLog>[1] = {}): Promise<Boot> => {
  const log = await openLog(path.join(dir, "log"), o);
  const registries = new Registries();
  const { repaired, storedSeq } = loadRegistries(dir, log, registries);
  const journal = new Journal({ log, registries, now: () => AT });
  const onError = (error: unknown): void => {
    throw error;
  };
  return {
    log,
    registries,
    journal,
    repaired,
    writer: new CheckpointWriter({ dir, log, registries, storedSeq, onError }),
  };
};
const stop = async ({ writer, log }: Boot): Promise<void> => {
  await writer.stop();
  await log.close();
};
const pictureOf = ({ sessions, turns, approvals }: Registries) => ({
  sessions: sessions.entries(),
  turns: turns.entries(),
  approvals: approvals.entries(),
});
const jsonFiles = (dir: string): string[] =>
  fs
    .readdirSync(dir)
    .filter((name) => name.includes(".json"))
    .toSorted();
const damage = (file: string): void => {
  const bytes = fs.readFileSync(file);
  bytes[bytes.length >> 1]! ^= 1;
  fs.writeFileSync(file, bytes);
};

const ASKED = event(
  "approval.requested",
  { kind: "command", decisions: ["accept"], expiresAt: AT },
  { approvalId: "apr_1" },
);
const FIRST = [created(), accepted(), forwarding(), started(), ASKED];
const SECOND = [
  itemStarted("i1"),
  delta("i1", "text"),
  created({ id: "ses_2", threadId: "thr_2" }),
  delta("i1", " more"),
];

describe("loading", () => {
  test("a first start has neither checkpoints nor events", async () => {
    const { registries, repaired } = await boot(tempDir());
    expect(registries.appliedSeq).toBe(0);
    expect(repaired).toEqual([]);
  });

  test("what a clean stop wrote is what the next start has", async () => {
    const dir = tempDir();
    const one = await boot(dir);
    one.journal.append(FIRST);
    const expected = pictureOf(one.registries);
    await stop(one);
    expect(jsonFiles(dir)).toEqual(FILES);
    const two = await boot(dir);
    expect(pictureOf(two.registries)).toEqual(expected);
    expect(two.registries.turns.get("turn_1")?.state).toBe("awaitingApproval");
    expect(two.repaired).toEqual([]);
  });

  test("without any checkpoint the log tells everything", async () => {
    const dir = tempDir();
    const one = await boot(dir);
    one.journal.append([...FIRST, ...SECOND]);
    await one.log.close();
    expect(jsonFiles(dir)).toEqual([]);
    const two = await boot(dir);
    expect(pictureOf(two.registries)).toEqual(pictureOf(one.registries));
  });

  test("the tail of the log is applied on top, each registry from where it stands", async () => {
    const dir = tempDir();
    const one = await boot(dir);
    one.journal.append(FIRST);
    await stop(one);
    const two = await boot(dir);
    two.journal.append(SECOND);
    await two.log.close();
    fs.rmSync(path.join(dir, "run-registry.json"));
    const three = await boot(dir);
    expect(pictureOf(three.registries)).toEqual(pictureOf(two.registries));
    expect(three.registries.turns.get("turn_1")?.openItems).toEqual([{ itemId: "i1", type: "agentMessage" }]);
    expect(three.registries.sessions.get("ses_2")?.threadId).toBe("thr_2");
  });

  test("a tail of more events than one read takes is applied whole", async () => {
    const dir = tempDir();
    const one = await boot(dir);
    one.journal.append(FIRST);
    const text = "x".repeat(4000);
    for (let index = 0; index < 300; index += 1)
      one.journal.append([delta("i1", text), itemStarted(`j${index}`, text)]);
    await one.log.close();
    const two = await boot(dir);
    expect(two.registries.turns.get("turn_1")?.openItems).toHaveLength(300);
  });
});

describe("damage", () => {
  const twoGenerations = async (dir: string): Promise<Registries> => {
    for (const events of [FIRST, SECOND]) {
      const life = await boot(dir);
      life.journal.append(events);
      await stop(life);
      if (events === SECOND) return life.registries;
    }
    throw new Error("unreachable");
  };

  test.each(FILES)("%s damaged: the former generation and a longer tail give the same", async (name) => {
    const dir = tempDir();
    const expected = pictureOf(await twoGenerations(dir));
    damage(path.join(dir, name));
    const again = await boot(dir);
    expect(pictureOf(again.registries)).toEqual(expected);
    expect(again.repaired).toEqual([path.join(dir, name)]);
  });

  test("both generations damaged: refused by name, nothing is changed", async () => {
    const dir = tempDir();
    await twoGenerations(dir);
    for (const name of ["run-registry.json", "run-registry.json.prev"]) damage(path.join(dir, name));
    const before = fs.readFileSync(path.join(dir, "run-registry.json"));
    const refused = await boot(dir).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DamagedFileError);
    expect((refused as DamagedFileError).file).toBe(path.join(dir, "run-registry.json"));
    expect(fs.readFileSync(path.join(dir, "run-registry.json"))).toEqual(before);
  });
});

describe("a checkpoint that does not fit its log is refused by name", () => {
  const refusalOf = async (dir: string, o: Parameters<typeof openLog>[1] = {}): Promise<CheckpointMismatchError> => {
    const refused = await boot(dir, o).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CheckpointMismatchError);
    return refused as CheckpointMismatchError;
  };
  /** A log that has dropped its oldest segments. */
  const SHORT = {
    segmentRecordsMax: 5,
    retention: { maxAgeMs: 1, maxBytes: 1 },
    now: () => "2026-02-02T00:00:00.000Z",
  };
  const shortLog = async (dir: string): Promise<EventLog> => {
    const log = await openLog(path.join(dir, "log"), SHORT);
    for (let index = 0; index < 20; index += 1) log.append([{ type: "x", at: AT, data: {} }], { sync: true });
    await log.sync();
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.dropSegments({ appliedSeq: 20, keepFromSeq: 21 })).toBeGreaterThan(0);
    expect(log.oldest()).toBeGreaterThan(6);
    return log;
  };

  test("another log's", async () => {
    const dir = tempDir();
    const one = await boot(dir);
    one.journal.append(FIRST);
    await stop(one);
    fs.rmSync(path.join(dir, "log"), { recursive: true });
    const refused = await refusalOf(dir);
    expect(refused.file).toBe(path.join(dir, "session-registry.json"));
    expect(refused.fault).toMatch(/^belongs to log \S+, not \S+$/);
    expect(refused.message).toContain("log reset");
  });

  test("missing, while the log no longer reaches back to its beginning", async () => {
    const dir = tempDir();
    await (await shortLog(dir)).close();
    const refused = await refusalOf(dir, SHORT);
    expect(refused.file).toBe(path.join(dir, "session-registry.json"));
    expect(refused.fault).toContain("is missing");
  });

  test("ends before the log begins; one that ends right before it is taken", async () => {
    const dir = tempDir();
    const log = await shortLog(dir);
    const oldest = log.oldest();
    await log.close();
    const write = async (appliedSeq: number): Promise<void> => {
      for (const name of FILES)
        await writeCheckpoint(path.join(dir, name), { logId: log.logId, appliedSeq, entries: [] });
    };
    await write(oldest - 2);
    expect((await refusalOf(dir, SHORT)).fault).toBe(`ends at event ${oldest - 2}, before the log begins`);
    await write(oldest - 1);
    expect((await boot(dir, SHORT)).registries.appliedSeq).toBe(20);
  });
});

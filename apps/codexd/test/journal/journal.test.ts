import fs from "node:fs";
import { StorageFullError } from "@baa/storage";
import { describe, expect, test } from "vitest";
import { Journal } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import { FakeLog } from "../support/fake-log.ts";
import { AT, openJournal } from "../support/journal.ts";
import { accepted, created, forwarding, RUNNING } from "../support/records.ts";

const fake = (): { log: FakeLog; journal: Journal; held: boolean[] } => {
  const log = new FakeLog();
  const journal = new Journal({ log: log.port, registries: new Registries(), now: () => AT });
  const held: boolean[] = [];
  journal.onHeld((value) => held.push(value));
  return { log, journal, held };
};
const note = (type: string) => ({ type, data: {} });

describe("append", () => {
  test("the log first, then the registries, then the listeners, event by event", async () => {
    const { journal, log, registries } = await openJournal();
    const seen: unknown[] = [];
    journal.onEvent((event) => {
      const turn = event.turnId === undefined ? "none" : registries.turns.get(event.turnId)?.state;
      seen.push([event.seq, event.type, log.written(), turn]);
    });
    expect(journal.append([created(), accepted(), forwarding()])).toBe(3);
    expect(seen).toEqual([
      [1, "session.created", 3, "none"],
      [2, "turn.accepted", 3, "accepted"],
      [3, "turn.forwarding", 3, "forwarding"],
    ]);
  });

  test("events get the journal's time", async () => {
    const { journal, events } = await openJournal();
    journal.append([created()]);
    expect((await events())[0]?.at).toBe("2026-01-02T03:04:05.000Z");
  });

  test("when the log refuses, nothing is derived and nobody is told", () => {
    const { log, journal } = fake();
    const seen: string[] = [];
    journal.onEvent((event) => seen.push(event.type));
    log.room = 0;
    expect(() => journal.append([created()])).toThrow(StorageFullError);
    expect(journal.registries.sessions.size).toBe(0);
    expect(seen).toEqual([]);
  });

  test("a listener that was taken off hears nothing more", () => {
    const { journal } = fake();
    const seen: string[] = [];
    const off = journal.onEvent((event) => seen.push(event.type));
    journal.append([note("a")]);
    off();
    journal.append([note("b")]);
    expect(seen).toEqual(["a"]);
  });
});

describe("what is synced before anyone is told (E2)", () => {
  const synced = [
    "session.created",
    "session.updated",
    "session.deleted",
    "turn.accepted",
    "turn.forwarding",
    "turn.steered",
    "turn.interruptRequested",
    "turn.completed",
    "turn.failed",
    "turn.interrupted",
    "turn.lost",
    "approval.requested",
    "approval.decided",
    "approval.resolved",
  ];
  const grouped = [
    "item.delta",
    "item.started",
    "item.completed",
    "item.discarded",
    "usage.updated",
    "codex.notification",
    "turn.started",
    "child.exited",
  ];
  test.each([...synced.map((type) => [type, true] as const), ...grouped.map((type) => [type, false] as const)])(
    "%s: %s",
    (type, expected) => {
      const { log, journal } = fake();
      journal.append([note(type)]);
      expect(log.batches).toEqual([{ types: [type], sync: expected }]);
    },
  );

  test("one such event makes its whole batch synced", () => {
    const { log, journal } = fake();
    journal.append([note("item.discarded"), note("turn.completed")]);
    expect(log.batches).toEqual([{ types: ["item.discarded", "turn.completed"], sync: true }]);
  });

  test("appendVisible resolves when the log may show the event", async () => {
    const { journal, log } = await openJournal({ events: RUNNING });
    const seq = await journal.appendVisible([accepted({ turnId: "turn_2" })]);
    expect(log.head()).toBe(seq);
  });

  test("settled waits for what was appended and not yet synced", async () => {
    const { journal, log } = await openJournal();
    journal.append([created()]);
    expect(log.head()).toBe(0);
    await journal.settled();
    expect(log.head()).toBe(1);
  });
});

describe("what must happen sooner or later, on a full disk", () => {
  test("waits, in order, until there is space, and goes on by itself", () => {
    const { log, journal, held } = fake();
    log.room = 1;
    for (const type of ["a", "b", "c"]) journal.obliged(() => void journal.append([note(type)]));
    expect(log.types()).toEqual(["a"]);
    expect(journal.isHeld).toBe(true);
    expect(held).toEqual([true]);
    log.free();
    expect(log.types()).toEqual(["a", "b", "c"]);
    expect(journal.isHeld).toBe(false);
    expect(held).toEqual([true, false]);
  });

  test("a step behind a waiting one waits too, although there would be space for it", () => {
    const { log, journal } = fake();
    log.room = 0;
    journal.obliged(() => void journal.append([note("first")]));
    log.state = "ok";
    log.room = 5;
    journal.obliged(() => void journal.append([note("second")]));
    expect(log.types()).toEqual([]);
    log.free();
    expect(log.types()).toEqual(["first", "second"]);
  });

  test("the disk full again while going on: the rest waits for the next time, nothing twice", () => {
    const { log, journal, held } = fake();
    log.room = 0;
    for (const type of ["a", "b", "c"]) journal.obliged(() => void journal.append([note(type)]));
    log.free(2);
    expect(log.types()).toEqual(["a", "b"]);
    expect(held).toEqual([true]);
    log.free();
    expect(log.types()).toEqual(["a", "b", "c"]);
    expect(held).toEqual([true, false]);
  });

  test("a step that asks for another step: the other one comes after those already waiting", () => {
    const { log, journal } = fake();
    log.room = 0;
    journal.obliged(() => {
      journal.append([note("outer")]);
      journal.obliged(() => void journal.append([note("inner")]));
    });
    journal.obliged(() => void journal.append([note("waiting")]));
    log.free();
    expect(log.types()).toEqual(["outer", "waiting", "inner"]);
  });

  test("a step decides anew when it runs, from what is then true", () => {
    const { log, journal } = fake();
    log.room = 0;
    journal.obliged(() => void journal.append([created()]));
    journal.obliged(() => {
      if (journal.registries.sessions.size === 1) journal.append([note("seen")]);
    });
    log.free();
    expect(log.types()).toEqual(["session.created", "seen"]);
  });

  test("any other error is the caller's, and nothing is held", () => {
    const { journal, held } = fake();
    const step = (): void => {
      throw new TypeError("broken");
    };
    expect(() => journal.obliged(step)).toThrow("broken");
    expect(journal.isHeld).toBe(false);
    expect(held).toEqual([]);
  });

  test("once the log is closed nothing happens any more, and nobody is the worse for it", async () => {
    const { journal, log } = await openJournal();
    await log.close();
    journal.obliged(() => void journal.append([created()]));
    expect(journal.registries.sessions.size).toBe(0);
    expect(journal.isHeld).toBe(false);
  });

  test("a real log on a disk that fills and empties loses and doubles nothing", async () => {
    const { journal, log, types } = await openJournal({ log: { fullRetryMs: 5 } });
    const real = fs.writeSync;
    let isFull = true;
    fs.writeSync = ((...args: Parameters<typeof fs.writeSync>) => {
      if (isFull) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      return real(...args);
    }) as typeof fs.writeSync;
    try {
      for (const type of ["a", "b"]) journal.obliged(() => void journal.append([note(type)]));
      expect(log.state).toBe("full");
      isFull = false;
      await new Promise<void>((resolve) => journal.onHeld((held) => (held ? undefined : resolve())));
      expect(await types()).toEqual(["a", "b"]);
    } finally {
      fs.writeSync = real;
    }
  });
});

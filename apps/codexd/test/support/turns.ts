import type { NewEvent } from "../../src/journal/journal.ts";
import { SessionService } from "../../src/sessions/session-service.ts";
import type { Forwarder } from "../../src/turns/forwarder.ts";
import { HistoryReader } from "../../src/turns/history-reader.ts";
import { TurnQueue } from "../../src/turns/turn-queue.ts";
import { TurnService } from "../../src/turns/turn-service.ts";
import { TurnWaiters } from "../../src/turns/turn-waiters.ts";
import type { FakeChild } from "./fake-child.ts";
import { toCodexInput } from "./input.ts";
import { AT, openJournal, type OpenJournal } from "./journal.ts";

interface TurnsOptions {
  readonly events: readonly NewEvent[];
  readonly child: FakeChild;
  readonly turnsMax: number;
  readonly forwarderOn: (opened: OpenJournal) => Forwarder;
}

/** The turn service and what it stands on: a real log, and the child and the forwarder that a test brings. */
export const openTurns = async (o: TurnsOptions) => {
  const { events, child, turnsMax } = o;
  const opened = await openJournal({ events });
  const { journal } = opened;
  let sessionsMade = 0;
  const sessions = new SessionService({
    journal,
    policy: { sandbox: ["read-only"], approvalPolicy: ["on-request"], execpolicyAmendments: false, cwdRoots: ["~"] },
    cwdRules: { roots: ["~"], homeDir: opened.dir, forbidden: [] },
    scratchDir: opened.dir,
    files: { removeSession: async () => undefined },
    newId: () => `ses_new${(sessionsMade += 1)}`,
    now: () => AT,
  });
  const forwarder = o.forwarderOn(opened);
  const queue = new TurnQueue({ child: child.port, journal, forwarder, turnsMax });
  let turnsMade = 0;
  const turns = new TurnService({
    journal,
    child: child.port,
    sessions,
    forwarder,
    queue,
    waiters: new TurnWaiters(journal),
    history: new HistoryReader(child.port, journal),
    toCodexInput,
    newId: () => `turn_new${(turnsMade += 1)}`,
    newInputId: () => "inp_1",
  });
  /** What is behind the events it began with. */
  const after = async () => (await opened.events()).slice(events.length);
  return { ...opened, child, sessions, forwarder, queue, turns, after };
};

import { createId, type Logger, systemClock } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import type { Config } from "../config.ts";
import type { Journal } from "../journal/journal.ts";
import { RunService } from "../runs/run-service.ts";
import type { SessionService } from "../sessions/session-service.ts";
import { Forwarder } from "./forwarder.ts";
import { HistoryReader } from "./history-reader.ts";
import { Interrupter } from "./interrupter.ts";
import { Reconciler } from "./reconciler.ts";
import { Recovery } from "./recovery.ts";
import type { ToCodexInput } from "./turn-input.ts";
import { TurnQueue } from "./turn-queue.ts";
import { TurnService } from "./turn-service.ts";
import { TurnWaiters } from "./turn-waiters.ts";
import { ACCEPTED_MS_MAX, NO_CHILD_MS, Watchdog } from "./watchdog.ts";

export interface WireTurnsOptions {
  readonly config: Config;
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly sessions: SessionService;
  readonly toCodexInput: ToCodexInput;
  readonly logger: Logger;
}

export interface WiredTurns {
  readonly turns: TurnService;
  readonly runs: RunService;
  readonly watchdog: Watchdog;
  readonly interrupter: Interrupter;
  readonly waiters: TurnWaiters;
}

/** The turn and run services with what forwards, settles, interrupts and watches turns behind it. */
export const wireTurns = ({ config, journal, child, sessions, toCodexInput, logger }: WireTurnsOptions): WiredTurns => {
  const waiters = new TurnWaiters(journal);
  const reconciler = new Reconciler(child, journal, logger);
  const interrupter = new Interrupter({ child, journal, reconciler, clock: systemClock, logger });
  const forwarder = new Forwarder({
    child,
    journal,
    logger,
    toCodexInput,
    whenFree: (sessionId) => interrupter.whenFree(sessionId),
    onUncertain: (turnId) => {
      reconciler
        .settle(turnId)
        .catch((error: unknown) =>
          logger.error({ event: "turn.settle.failed", turnId, err: error }, "a turn could not be settled"),
        );
    },
  });
  const queue = new TurnQueue({ child, journal, forwarder, turnsMax: config.turnsMax });
  const turns = new TurnService({
    journal,
    child,
    sessions,
    forwarder,
    queue,
    waiters,
    history: new HistoryReader(child, journal),
    toCodexInput,
    newId: () => createId("turn_"),
    newInputId: () => createId("inp_"),
  });
  const watchdog = new Watchdog({
    journal,
    child,
    clock: systemClock,
    limits: { idleTimeoutMs: config.turnIdleTimeoutMs, noChildMs: NO_CHILD_MS, acceptedMsMax: ACCEPTED_MS_MAX },
    isWaiting: (turn) => queue.isWaiting(turn),
    interrupt: (turn, reason) => turns.requestInterrupt(turn, reason),
    onError: (error) => logger.warn({ event: "watchdog.failed", err: error }, "a turn could not be interrupted"),
  });
  new Recovery({ child, journal, forwarder, reconciler, logger });
  const runs = new RunService({
    journal,
    child,
    sessions,
    turns,
    forwarder,
    queue,
    toCodexInput,
    newId: () => createId("crun_"),
    newTurnId: () => createId("turn_"),
  });
  return { turns, runs, watchdog, waiters, interrupter };
};

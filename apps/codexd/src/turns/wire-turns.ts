import { createId, type Logger, systemClock } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import type { Config } from "../config.ts";
import type { Journal } from "../journal/journal.ts";
import type { SessionService } from "../sessions/session-service.ts";
import { Forwarder } from "./forwarder.ts";
import { HistoryReader } from "./history-reader.ts";
import { Interrupter } from "./interrupter.ts";
import { Reconciler } from "./reconciler.ts";
import { Recovery } from "./recovery.ts";
import { TurnService } from "./turn-service.ts";
import { TurnWaiters } from "./turn-waiters.ts";
import { ACCEPTED_MS_MAX, NO_CHILD_MS, Watchdog } from "./watchdog.ts";

export interface WireTurnsOptions {
  readonly config: Config;
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly sessions: SessionService;
  readonly logger: Logger;
}

export interface WiredTurns {
  readonly turns: TurnService;
  readonly watchdog: Watchdog;
  readonly interrupter: Interrupter;
  readonly waiters: TurnWaiters;
}

/** The turn service with what forwards, settles, interrupts and watches turns behind it. */
export const wireTurns = ({ config, journal, child, sessions, logger }: WireTurnsOptions): WiredTurns => {
  const waiters = new TurnWaiters(journal);
  const reconciler = new Reconciler(child, journal, logger);
  const forwarder = new Forwarder({
    child,
    journal,
    logger,
    onUncertain: (turnId) => {
      reconciler
        .settle(turnId)
        .catch((error: unknown) =>
          logger.error({ event: "turn.settle.failed", turnId, err: error }, "a turn could not be settled"),
        );
    },
  });
  const turns = new TurnService({
    journal,
    child,
    sessions,
    forwarder,
    waiters,
    history: new HistoryReader(child, journal),
    turnsMax: config.turnsMax,
    newId: () => createId("turn_"),
    newInputId: () => createId("inp_"),
  });
  const watchdog = new Watchdog({
    journal,
    child,
    clock: systemClock,
    limits: { idleTimeoutMs: config.turnIdleTimeoutMs, noChildMs: NO_CHILD_MS, acceptedMsMax: ACCEPTED_MS_MAX },
    interrupt: (turn, reason) => turns.requestInterrupt(turn, reason),
    onError: (error) => logger.warn({ event: "watchdog.failed", err: error }, "a turn could not be interrupted"),
  });
  new Recovery({ child, journal, forwarder, reconciler, logger });
  return {
    turns,
    watchdog,
    waiters,
    interrupter: new Interrupter({ child, journal, reconciler, clock: systemClock, logger }),
  };
};

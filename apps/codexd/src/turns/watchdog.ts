import { isTerminalTurnState } from "@baa/contracts";
import type { Clock } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import { endTurnEvents, type TurnEnd } from "../events/turn-end.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";

/** A forwarded turn is lost when no child comes for this long. */
export const NO_CHILD_MS = 120_000;
/** An accepted turn that could not be forwarded for this long is given back. */
export const ACCEPTED_MS_MAX = 600_000;
/** Twice the log's window. */
const LOG_BYTES_MAX = 16 * 1024 ** 3;

export interface WatchdogLimits {
  readonly idleTimeoutMs: number;
  readonly noChildMs: number;
  readonly acceptedMsMax: number;
  /** Bytes of log at which the oldest open turn is interrupted; default twice the window of 8 GiB. */
  readonly logBytesMax?: number;
}

/** What the watchdog knows of one turn; all durations in monotonic milliseconds. */
export interface TurnFacts {
  readonly turn: TurnRecord;
  readonly idleMs: number;
  readonly ageMs: number;
  readonly childGoneMs: number;
  /** It is queued and its turn has not come: no time counts against it. */
  readonly isWaiting?: boolean;
  /** The log has twice its window's size, and this is the oldest turn that keeps it from shrinking. */
  readonly holdsFullLog?: boolean;
}

type Times = Pick<TurnFacts, "isWaiting" | "idleMs" | "ageMs" | "childGoneMs">;

export type Verdict = { kind: "leave" } | { kind: "interrupt"; reason: string } | { kind: "end"; end: TurnEnd };

/** What should happen to an open turn. Pure. */
export const judge = (
  { turn, idleMs, ageMs, childGoneMs, holdsFullLog, isWaiting }: TurnFacts,
  limits: WatchdogLimits,
): Verdict => {
  if (isWaiting) return holdsFullLog ? { kind: "interrupt", reason: "log_full" } : { kind: "leave" };
  if (turn.state === "accepted") {
    if (ageMs < limits.acceptedMsMax) return { kind: "leave" };
    const error = { code: "not_started", message: "The turn could not be forwarded in time.", retryable: true };
    return { kind: "end", end: { status: "failed", error } };
  }
  if (childGoneMs >= limits.noChildMs) return { kind: "end", end: { status: "lost", reason: "no_child" } };
  if (turn.interruptRequestedAt || childGoneMs > 0) return { kind: "leave" };
  if (turn.timeoutMs !== undefined && ageMs >= turn.timeoutMs) return { kind: "interrupt", reason: "timeout" };
  if (holdsFullLog) return { kind: "interrupt", reason: "log_full" };
  const idleTimeoutMs = turn.idleTimeoutMs ?? limits.idleTimeoutMs;
  if (turn.pendingApprovals === 0 && idleMs >= idleTimeoutMs) return { kind: "interrupt", reason: "idle_timeout" };
  return { kind: "leave" };
};

export interface WatchdogOptions {
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly clock: Clock;
  readonly limits: WatchdogLimits;
  /** Whether the turn is queued and its turn has not come. */
  readonly isWaiting: (turn: TurnRecord) => boolean;
  readonly interrupt: (turn: TurnRecord, reason: string) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
  readonly intervalMs?: number;
}

/** Sees to it that every turn ends (I6). Time spent on a full disk is not counted against a turn. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #seen = new Map<string, { sinceMs: number; activeMs: number }>();
  #sweptAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => {};

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  start(): void {
    const { journal, clock, intervalMs } = this.#options;
    this.#unsubscribe = journal.onEvent((event) => {
      if (event.turnId === undefined || journal.registries.turns.get(event.turnId)?.queued) return;
      const nowMs = clock.monoMs();
      this.#seen.set(event.turnId, { sinceMs: this.#seen.get(event.turnId)?.sinceMs ?? nowMs, activeMs: nowMs });
    });
    this.#timer = setInterval(() => this.sweep(), intervalMs ?? 500);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  /** Judges every open turn once. */
  sweep(): void {
    const { journal, clock, limits, isWaiting } = this.#options;
    const nowMs = clock.monoMs();
    const heldMs = journal.log.state === "ok" ? 0 : nowMs - (this.#sweptAtMs ?? nowMs);
    this.#sweptAtMs = nowMs;
    const open = journal.registries.turns.open();
    const isFull = journal.log.bytes() >= (limits.logBytesMax ?? LOG_BYTES_MAX);
    const oldestSeq = isFull ? journal.registries.turns.oldestOpenSeq : undefined;
    for (const turn of open) {
      const times = isWaiting(turn) ? this.#waiting(turn) : this.#counting(turn, nowMs, heldMs);
      this.#carryOut(turn, judge({ turn, ...times, holdsFullLog: turn.acceptedSeq === oldestSeq }, limits));
    }
    if (this.#seen.size > journal.registries.turns.activeCount) this.#forgetEnded();
  }

  /** Its time begins when its turn comes. */
  #waiting(turn: TurnRecord): Times {
    this.#seen.delete(turn.id);
    return { isWaiting: true, idleMs: 0, ageMs: 0, childGoneMs: 0 };
  }

  #counting(turn: TurnRecord, nowMs: number, heldMs: number): Times {
    const { journal, child } = this.#options;
    const seen = this.#seen.get(turn.id) ?? { sinceMs: nowMs, activeMs: nowMs };
    seen.sinceMs += heldMs;
    if (journal.log.state !== "ok") seen.activeMs = nowMs;
    this.#seen.set(turn.id, seen);
    return { idleMs: nowMs - seen.activeMs, ageMs: nowMs - seen.sinceMs, childGoneMs: child.notReadyMs };
  }

  #carryOut(turn: TurnRecord, verdict: Verdict): void {
    const { journal, interrupt, onError } = this.#options;
    if (verdict.kind === "leave" || journal.log.state !== "ok") return;
    if (verdict.kind === "interrupt") {
      interrupt(turn, verdict.reason).catch(onError);
      return;
    }
    journal.obliged(() => {
      const current = journal.registries.turns.get(turn.id);
      if (current && !isTerminalTurnState(current.state)) journal.append(endTurnEvents(current, verdict.end));
    });
  }

  #forgetEnded(): void {
    for (const id of this.#seen.keys()) {
      const turn = this.#options.journal.registries.turns.get(id);
      if (!turn || isTerminalTurnState(turn.state)) this.#seen.delete(id);
    }
  }
}

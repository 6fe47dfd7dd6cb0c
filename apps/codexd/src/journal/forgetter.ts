import { type EventHead, type EventLog, LogClosedError, LogDamagedError, StorageFullError } from "@baa/storage";
import type { ForgetRecord, IdempotencyRecord } from "../registry/records.ts";
import { reducedReply } from "../registry/reduced-reply.ts";
import type { Journal } from "./journal.ts";

/** Past this the active segment is sealed early, so that a deleted session's text never waits for 16 MiB of others'. */
export const FORGET_WITHIN_MS = 3_600_000;
const CHECK_INTERVAL_MS = 60_000;

type ForgettingLog = Pick<EventLog, "forget" | "seal" | "sealedSeq" | "onSeal" | "state">;

export interface ForgetterOptions {
  readonly journal: Journal;
  /** The journal's log, unless a test has another. */
  readonly log?: ForgettingLog;
  /** Both generations of every checkpoint have applied everything up to here. */
  readonly checkpointedSeq: () => number;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Takes the text of deleted sessions out of the log: at each seal, at the start, and at the latest about an hour after
 * the deletion. `session.forgotten` says that nothing of a session is left; until it is in the log, the work is done again.
 */
export class Forgetter {
  readonly #o: ForgetterOptions;
  readonly #log: ForgettingLog;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => {};
  #running: Promise<void> | undefined;
  #again = false;
  /** A damaged segment stopped the work while this was the last sealed record; it is looked at again after the next seal. */
  #damagedAt = -1;
  #isStopped = false;

  constructor(options: ForgetterOptions) {
    this.#o = options;
    this.#log = options.log ?? options.journal.log;
  }

  start(): void {
    this.#unsubscribe = this.#log.onSeal(() => this.#request());
    this.#timer = setInterval(() => this.check(), CHECK_INTERVAL_MS);
    this.#timer.unref();
    this.check();
  }

  /** Starts nothing more; what runs ends when the log is closed. */
  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    clearInterval(this.#timer);
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Seals the active segment when a session has waited long enough in it, and goes on with what is sealed. */
  check(): void {
    const oldest = this.#toForget().find(({ seq }) => seq > this.#log.sealedSeq());
    if (oldest !== undefined && this.#o.nowMs() - Date.parse(oldest.at) >= FORGET_WITHIN_MS) this.#seal();
    this.#request();
  }

  #seal(): void {
    if (this.#log.state !== "ok") return;
    try {
      this.#log.seal();
    } catch (error) {
      if (!(error instanceof StorageFullError)) this.#o.onError(error);
    }
  }

  #request(): void {
    if (this.#isStopped || this.#toForget().length === 0) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#forget()
      .catch((error: unknown) => {
        // The next start goes on, or the next seal when there is room again.
        if (!(error instanceof LogClosedError || error instanceof StorageFullError)) this.#o.onError(error);
      })
      .finally(() => {
        this.#running = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.#request();
      });
  }

  /**
   * Only sessions whose every event is in a sealed segment, so that one pass takes all of each, and that have left the
   * checkpoints.
   */
  async #forget(): Promise<void> {
    const sealedSeq = this.#log.sealedSeq();
    const upTo = Math.min(sealedSeq, this.#o.checkpointedSeq());
    const due = this.#toForget().filter(({ seq }) => seq <= upTo);
    if (due.length === 0 || this.#damagedAt === sealedSeq) return;
    try {
      await this.#log.forget({ sessions: new Set(due.map(({ id }) => id)), rest: restOf });
    } catch (error) {
      if (error instanceof LogDamagedError) this.#damagedAt = sealedSeq;
      throw error;
    }
    this.#o.journal.append(due.map(({ id }) => ({ type: "session.forgotten", sessionId: id, data: {} })));
  }

  #toForget(): ForgetRecord[] {
    return this.#o.journal.registries.sessions.toForget();
  }
}

/** A stored reply stays with its event, so that registries made anew from the log answer its key as before. */
export const restOf = (_head: EventHead, data: unknown): Record<string, unknown> | undefined => {
  const { idempotency } = (data ?? {}) as { idempotency?: Omit<IdempotencyRecord, "at"> };
  return idempotency && { idempotency: { ...idempotency, body: reducedReply(idempotency.body) } };
};

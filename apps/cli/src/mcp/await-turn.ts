import { setTimeout as delay } from "node:timers/promises";
import { ProblemReply, TransportError } from "@baa/client";
import { type FeedEvent, isTerminalTurnState, type TurnDetail } from "@baa/contracts";
import type { Service } from "../service.ts";
import { TurnNarrator } from "./describe-event.ts";
import type { Progress } from "./progress.ts";

/** One waiting read; the longest that the service takes is a minute. */
const READ_WAIT_MS = 20_000;
/** Between two tries while the service is away. */
const RETRY_MS = 1_000;
/** Answers that time heals. */
const PASSING_STATUSES: readonly number[] = [429, 503, 504];

export interface AwaitTurnOptions {
  readonly service: Service;
  readonly turn: { readonly id: string; readonly sessionId: string };
  /** How long at most, in milliseconds. */
  readonly waitMs: number;
  /** Whether a request for a decision ends the waiting. */
  readonly stopsAtApproval: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** For what does not end the waiting: a stream that cannot be had. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Waits until the turn has ended, needs a decision, or the time is over, and tells what it does meanwhile. A service
 * that is away is waited for, within the time. Rejects with the reason of `signal`, and with what no waiting heals.
 */
export const awaitTurn = async (o: AwaitTurnOptions): Promise<TurnDetail> => {
  const endMs = performance.now() + o.waitMs;
  const first = await readPatiently(o, endMs, 0);
  if (isSettled(first, o)) return first;
  const watch = new TurnWatch(o, first);
  try {
    for (;;) {
      const detail = await watch.readNext(endMs);
      if (isSettled(detail, o) || performance.now() >= endMs) return detail;
    }
  } finally {
    await watch.stop();
  }
};

const isSettled = ({ state }: TurnDetail, o: AwaitTurnOptions): boolean =>
  isTerminalTurnState(state) || (o.stopsAtApproval && state === "awaitingApproval");

/** The turn's events while it is waited for: progress for the caller, and the moment when a decision is asked for. */
class TurnWatch {
  readonly #o: AwaitTurnOptions;
  readonly #narrator = new TurnNarrator();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  /** Ends the read that waits, since there is something to see before the turn's end. */
  #wake = new AbortController();

  constructor(o: AwaitTurnOptions, seen: TurnDetail) {
    this.#o = o;
    this.#following = o.service
      .follow({
        ...(seen.asOfSeq === undefined ? {} : { after: seen.asOfSeq }),
        filters: { turnId: o.turn.id, types: ["item.*", "approval.*"] },
        signal: this.#stop.signal,
        onEvent: (event) => this.#take(event),
      })
      .then(
        () => undefined,
        o.onTrouble, // the reads go on without it
      );
  }

  /** The turn at its end, when a decision is asked for, or after a while. */
  async readNext(endMs: number): Promise<TurnDetail> {
    const { signal } = this.#o;
    const wake = this.#wake.signal;
    const waitMs = wake.aborted ? 0 : Math.max(0, Math.min(READ_WAIT_MS, endMs - performance.now()));
    if (wake.aborted) this.#wake = new AbortController();
    try {
      return await readPatiently(
        { ...this.#o, signal: wake.aborted ? signal : AbortSignal.any([signal, wake]) },
        endMs,
        waitMs,
      );
    } catch (error) {
      if (signal.aborted || !wake.aborted) throw error;
      this.#wake = new AbortController();
      return readPatiently(this.#o, endMs, 0);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  #take(event: FeedEvent): void {
    const words = this.#narrator.describe(event);
    if (words !== undefined) this.#o.progress.say(words);
    if (event.type === "approval.requested" && this.#o.stopsAtApproval) this.#wake.abort();
  }
}

/** The turn as it stands, after `waitMs` at most; while the service is away it is asked again until `endMs`. */
const readPatiently = async (
  { service, turn, signal }: Pick<AwaitTurnOptions, "service" | "turn" | "signal">,
  endMs: number,
  waitMs: number,
): Promise<TurnDetail> => {
  for (;;) {
    try {
      const params = { sessionId: turn.sessionId, turnId: turn.id };
      const reply = await service.codex.readTurn({ params, query: { waitMs: Math.round(waitMs) }, signal });
      return reply.turn;
    } catch (error) {
      if (!isPassing(error) || performance.now() >= endMs) throw error;
      await delay(RETRY_MS, undefined, { signal });
    }
  }
};

const isPassing = (error: unknown): boolean =>
  (error instanceof TransportError && error.fault === "connection") ||
  (error instanceof ProblemReply && PASSING_STATUSES.includes(error.status));

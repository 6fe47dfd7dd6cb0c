import { FIREFOX_LIMITS, type FirefoxError } from "@baa/contracts/firefox";
import { MethodFault } from "../methods/method.ts";
import type { JournalEntry, Outcome } from "./journal.ts";
import { Stream } from "./stream.ts";

/** After a cancellation or the deadline its work has this long to say how it ended. */
const LATE_MS = FIREFOX_LIMITS.graceMs / 2;

export interface LiveOptions {
  readonly isInPage: boolean;
  /** Its time is over; whoever holds it stops it. */
  readonly onTimeOver: () => void;
  /** It was told to stop and did not say how it ended. */
  readonly onLate: (outcome: Outcome) => void;
}

/** A command that this background works on, or has found a page at work on. */
export class LiveCommand {
  readonly id: string;
  readonly effect: JournalEntry["effect"];
  readonly stream: Stream;
  /** The page does it now and tells its end. */
  isInPage: boolean;
  /** Addresses that it was allowed to touch. */
  readonly touched = new Set<string | undefined>();
  readonly #controller = new AbortController();
  readonly #o: LiveOptions;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor({ id, effect }: Pick<JournalEntry, "id" | "effect">, o: LiveOptions) {
    this.id = id;
    this.effect = effect;
    this.stream = new Stream(id);
    this.isInPage = o.isInPage;
    this.#o = o;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How long it may still take, as the server says with each delivery. */
  setTime(ttlMs: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#o.onTimeOver(), Math.min(ttlMs, FIREFOX_LIMITS.commandTtlMsMax));
  }

  stop(why: "cancelled" | "timeout"): void {
    if (this.signal.aborted) return;
    const message = why === "timeout" ? "Its time was over." : "It was cancelled.";
    const fault = new MethodFault(why, message, { outcome: this.effect === "write" ? "unknown" : "notDone" });
    this.#controller.abort(fault);
    this.#late = setTimeout(() => this.#o.onLate({ ok: false, error: fault.toError() }), LATE_MS);
  }

  /** How it ended, from what its work threw. */
  outcomeOf(error: unknown): Outcome {
    return { ok: false, error: this.#errorOf(error) };
  }

  /** It has ended, or the pairing has. */
  end(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#late);
    this.stream.end();
  }

  #errorOf(error: unknown): FirefoxError {
    if (!(error instanceof MethodFault)) {
      const message = `The extension: ${error instanceof Error ? error.message : String(error)}`.slice(0, 4096);
      return { code: "internal", message, outcome: this.effect === "write" ? "unknown" : "notDone" };
    }
    // A page only knows that it was told to stop; why is known here.
    const reason: unknown = this.signal.reason;
    const isTimeout = error.code === "cancelled" && reason instanceof MethodFault && reason.code === "timeout";
    return isTimeout ? { ...error.toError(), code: "timeout", message: reason.message } : error.toError();
  }
}

import { FIREFOX_LIMITS } from "@baa/contracts/firefox";
import type { After } from "./after.ts";

export interface DeadlinesOptions {
  readonly monoMs: () => number;
  readonly after: After;
  /** The command's time is over. Returns whether it may still end by itself, within the grace. */
  readonly onDeadline: (commandId: string) => boolean;
  readonly onGraceOver: (commandId: string) => void;
  /** Told when one of them threw; it is tried again. */
  readonly onFault: (error: unknown) => void;
}

interface Deadline {
  /** Undefined when it has passed. */
  dueMs: number | undefined;
  cancel: () => void;
}

const RETRY_MS = 1_000;
const NOTHING = (): void => {};

/** The time that open commands still have, by a clock that nobody sets. */
export class Deadlines {
  readonly #o: DeadlinesOptions;
  readonly #deadlines = new Map<string, Deadline>();
  #isRunning = false;

  constructor(o: DeadlinesOptions) {
    this.#o = o;
  }

  set(commandId: string, leftMs: number): void {
    this.clear(commandId);
    const deadline: Deadline = { dueMs: this.#o.monoMs() + leftMs, cancel: NOTHING };
    this.#deadlines.set(commandId, deadline);
    this.#later(commandId, leftMs, () => this.#pass(commandId));
  }

  /** 0 when it is over. */
  leftMs(commandId: string): number {
    const dueMs = this.#deadlines.get(commandId)?.dueMs;
    return dueMs === undefined ? 0 : Math.max(dueMs - this.#o.monoMs(), 0);
  }

  clear(commandId: string): void {
    this.#deadlines.get(commandId)?.cancel();
    this.#deadlines.delete(commandId);
  }

  /** From now on deadlines pass, those first that have passed already. */
  start(): void {
    this.#isRunning = true;
    for (const id of this.#deadlines.keys()) this.#later(id, this.leftMs(id), () => this.#pass(id));
  }

  /** Nothing passes any more; how much time is left can still be asked. */
  stop(): void {
    this.#isRunning = false;
    for (const { cancel } of this.#deadlines.values()) cancel();
  }

  #pass(commandId: string): void {
    const deadline = this.#deadlines.get(commandId);
    if (deadline !== undefined) deadline.dueMs = undefined; // timers may be a little early
    this.#try(commandId, () => {
      if (this.#o.onDeadline(commandId)) this.#later(commandId, FIREFOX_LIMITS.graceMs, () => this.#end(commandId));
    });
  }

  #end(commandId: string): void {
    this.#try(commandId, () => this.#o.onGraceOver(commandId));
  }

  #try(commandId: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#o.onFault(error);
      this.#later(commandId, RETRY_MS, () => this.#try(commandId, work));
    }
  }

  #later(commandId: string, ms: number, work: () => void): void {
    const deadline = this.#deadlines.get(commandId);
    if (deadline !== undefined && this.#isRunning) deadline.cancel = this.#o.after(ms, work);
  }
}

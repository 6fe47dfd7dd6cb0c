import type { Control, ControlMode, ControlReason } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { Statement } from "@baa/storage";
import type { OpenWork } from "../codex-link/open-work.ts";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { applyControl, type ControlInput, modeOf, nextExpiry, type Reasons } from "./control-machine.ts";

export interface ControlServiceOptions {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly openWork: OpenWork;
  readonly nowMs: () => number;
  /** Told when a reason that ran out could not be taken back in the store; it is tried again. */
  readonly onExpiryFault: (error: unknown) => void;
}

interface ReasonRow {
  readonly id: string;
  readonly mode: "paused" | "draining";
  readonly set_by: string;
  readonly at: string;
  readonly expires_at: string | null;
  readonly note: string | null;
}

/** Longest wait for one timer; the clock of a machine that sleeps may jump. */
const TIMER_MS_MAX = 60_000;
const RETRY_MS = 5_000;
/** Reasons at once: a script that sets a new one each time must not fill the store. */
const REASONS_MAX = 64;

/** The reasons in the store, and the events that tell of their changes. */
export class ControlService {
  readonly #o: ControlServiceOptions;
  readonly #insert: Statement;
  #reasons: Reasons;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;

  constructor(o: ControlServiceOptions) {
    this.#o = o;
    const { database } = o.store;
    this.#insert = database.prepare(
      "INSERT INTO control_reasons (id, mode, set_by, at, expires_at, note) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#reasons = database.prepare("SELECT * FROM control_reasons ORDER BY at, id").all<ReasonRow>().map(reasonOf);
  }

  /** Takes back what ran out while nobody was here, and whatever runs out from now on. */
  start(): void {
    this.#isRunning = true;
    this.#expire();
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  /** The mode now: a reason that has run out does not count, whether or not it has been taken back yet. */
  mode(): ControlMode {
    return modeOf(this.#current());
  }

  view(): Control {
    const openTurns = this.#o.openWork.turnCount;
    const reasons = this.#current();
    return { mode: modeOf(reasons), reasons: [...reasons], openTurns, idle: openTurns === 0 };
  }

  /**
   * Only inside `Store.write`: stores the change and tells of it. Returns how control stands after it.
   * @throws ProblemError reasons_full
   */
  change(input: ControlInput): Control {
    const before = this.#reasons;
    const after = applyControl(applyControl(before, { kind: "time passed", now: this.#now() }), input);
    if (after === before) return this.view();
    if (after.length > REASONS_MAX && input.kind === "set") throw new ProblemError("reasons_full");
    const { database } = this.#o.store;
    database.exec("DELETE FROM control_reasons");
    for (const { id, mode, by, at, expiresAt, note } of after) {
      this.#insert.run(id, mode, by, at, expiresAt ?? null, note ?? null);
    }
    const data = { from: modeOf(before), mode: modeOf(after), reasons: after };
    this.#o.outbox.append({ at: this.#now(), type: "control.changed", data });
    this.#o.store.afterCommit(() => {
      this.#reasons = after;
      this.#schedule();
    });
    const openTurns = this.#o.openWork.turnCount;
    return { mode: modeOf(after), reasons: [...after], openTurns, idle: openTurns === 0 };
  }

  /** A reason as it is set now. */
  reason(o: { id: string; mode: "paused" | "draining"; by: string; ttlMs?: number; note?: string }): ControlReason {
    const nowMs = this.#o.nowMs();
    return {
      id: o.id,
      mode: o.mode,
      by: o.by,
      at: new Date(nowMs).toISOString(),
      ...(o.ttlMs === undefined ? {} : { expiresAt: new Date(nowMs + o.ttlMs).toISOString() }),
      ...(o.note === undefined ? {} : { note: o.note }),
    };
  }

  #current(): Reasons {
    return applyControl(this.#reasons, { kind: "time passed", now: this.#now() });
  }

  #now(): string {
    return new Date(this.#o.nowMs()).toISOString();
  }

  #expire(): void {
    try {
      if (this.#current() !== this.#reasons) {
        this.#o.store.write(() => this.change({ kind: "time passed", now: this.#now() }));
      }
      this.#schedule();
    } catch (error) {
      this.#o.onExpiryFault(error);
      this.#wait(RETRY_MS);
    }
  }

  #schedule(): void {
    const next = nextExpiry(this.#reasons);
    clearTimeout(this.#timer);
    if (next !== undefined) this.#wait(Math.min(Math.max(Date.parse(next) - this.#o.nowMs(), 1), TIMER_MS_MAX));
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isRunning) this.#timer = setTimeout(() => this.#expire(), ms);
  }
}

const reasonOf = (row: ReasonRow): ControlReason => ({
  id: row.id,
  mode: row.mode,
  by: row.set_by,
  at: row.at,
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  ...(row.note === null ? {} : { note: row.note }),
});

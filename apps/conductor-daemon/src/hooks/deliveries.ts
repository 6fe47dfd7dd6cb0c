import type { Delivery, DeliveryState, HookMessage } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { Statement } from "@baa/storage";
import type { Store } from "../store/store.ts";
import { type DeliveryStatus, NEXT_MS_MAX, type Outcome, reasonOf } from "./delivery-machine.ts";

/** Ended deliveries kept of each hook, and how long any is kept. */
const ENDED_KEPT = 1_000;
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;
/** Deliveries of one hook that may wait; further ones fail at once. */
const PENDING_MAX = 2_000;
/** Old ones are dropped once in so many new ones. */
const COLLECT_EVERY = 50;

/** A message that is to be sent. */
export interface DueDelivery {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly attempts: number;
}

interface Row {
  readonly id: string;
  readonly hook_id: string;
  readonly seq: number | null;
  readonly type: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly created_ms: number;
  readonly next_ms: number | null;
  readonly ended_ms: number | null;
  readonly status: number | null;
  readonly reason: string | null;
}

const SHOWN = "id, hook_id, seq, type, state, attempts, created_ms, next_ms, ended_ms, status, reason";

/** The messages to targets, as rows. All changes are inside `Store.write`. */
export class Deliveries {
  readonly #newId: () => string;
  readonly #nowMs: () => number;
  readonly #statements: Readonly<Record<keyof typeof SQL, Statement>>;
  #queued = 0;

  constructor({ database }: Store, o: { newId: () => string; nowMs: () => number }) {
    this.#newId = o.newId;
    this.#nowMs = o.nowMs;
    this.#statements = Object.fromEntries(
      Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Record<keyof typeof SQL, Statement>;
  }

  /** Only inside `Store.write`. Returns the delivery's id. */
  queue(hookId: string, message: HookMessage, seq?: number): string {
    const id = this.#newId();
    const nowMs = this.#nowMs();
    if (this.#queued++ % COLLECT_EVERY === 0) this.#collect(nowMs);
    const isFull = this.pendingCount(hookId) >= PENDING_MAX;
    this.#statements.insert.run(
      id,
      hookId,
      seq ?? null,
      message.type,
      JSON.stringify(message),
      isFull ? "failed" : "pending",
      nowMs,
      isFull ? null : nowMs,
      isFull ? nowMs : null,
      isFull ? `${PENDING_MAX} messages wait for this target already` : null,
    );
    return id;
  }

  /** The message that has been due longest. */
  due(hookId: string): DueDelivery | undefined {
    const nowMs = this.#nowMs();
    return this.#statements.due.get<DueDelivery>(hookId, nowMs, nowMs + NEXT_MS_MAX);
  }

  /** Milliseconds until the next message is due; undefined when none waits. */
  nextInMs(hookId: string): number | undefined {
    const next = this.#statements.next.get<{ at: number | null }>(hookId)?.at ?? undefined;
    return next === undefined ? undefined : Math.max(next - this.#nowMs(), 0);
  }

  /** Only inside `Store.write`. */
  record(id: string, outcome: Outcome, after: DeliveryStatus): void {
    const nowMs = this.#nowMs();
    const isPending = after.state === "pending";
    this.#statements.record.run(
      after.state,
      after.attempts,
      nowMs,
      isPending ? after.nextMs : null,
      isPending ? null : nowMs,
      outcome.kind === "answered" ? outcome.status : null,
      reasonOf(outcome) ?? null,
      id,
    );
  }

  /** Only inside `Store.write`. Makes it due now, from its first attempt on. */
  sendAgain(id: string): void {
    this.#statements.again.run(this.#nowMs(), id);
  }

  find(hookId: string, id: string): Delivery | undefined {
    const row = this.#statements.find.get<Row>(hookId, id);
    return row === undefined ? undefined : deliveryOf(row);
  }

  /** Newest first. @throws ProblemError bad_cursor */
  list(
    hookId: string,
    o: { state?: DeliveryState | undefined; limit: number; cursor?: string | undefined },
  ): { deliveries: Delivery[]; nextCursor: string | null } {
    const before = o.cursor ?? "~"; // sorts behind every id
    if (o.cursor !== undefined && !/^dlv_[0-9a-f]{32}$/.test(o.cursor)) throw new ProblemError("bad_cursor");
    const rows = this.#statements.list.all<Row>(hookId, before, o.state ?? null, o.state ?? null, o.limit + 1);
    const shown = rows.slice(0, o.limit);
    return {
      deliveries: shown.map(deliveryOf),
      nextCursor: rows.length > o.limit ? (shown.at(-1)?.id ?? null) : null,
    };
  }

  /** The one that was tried last. */
  last(hookId: string): Delivery | undefined {
    const row = this.#statements.last.get<Row>(hookId);
    return row === undefined ? undefined : deliveryOf(row);
  }

  counts(hookId: string): Record<DeliveryState, number> {
    const counts = { pending: 0, delivered: 0, failed: 0 };
    for (const { state, n } of this.#statements.counts.all<{ state: DeliveryState; n: number }>(hookId)) {
      counts[state] = n;
    }
    return counts;
  }

  pendingCount(hookId: string): number {
    return this.#statements.pending.get<{ n: number }>(hookId)?.n ?? 0;
  }

  #collect(nowMs: number): void {
    this.#statements.dropOld.run(nowMs - KEPT_MS);
    this.#statements.dropMany.run(ENDED_KEPT);
  }
}

const SQL = {
  insert: `INSERT INTO hook_deliveries (id, hook_id, seq, type, body, state, created_ms, next_ms, ended_ms, reason)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  due: `SELECT id, type, body, attempts FROM hook_deliveries
    WHERE hook_id = ? AND state = 'pending' AND (next_ms <= ? OR next_ms > ?) ORDER BY next_ms, id LIMIT 1`,
  next: "SELECT min(next_ms) AS at FROM hook_deliveries WHERE hook_id = ? AND state = 'pending'",
  record: `UPDATE hook_deliveries
    SET state = ?, attempts = ?, tried_ms = ?, next_ms = ?, ended_ms = ?, status = ?, reason = ? WHERE id = ?`,
  again: `UPDATE hook_deliveries
    SET state = 'pending', attempts = 0, next_ms = ?, ended_ms = NULL, status = NULL, reason = NULL WHERE id = ?`,
  find: `SELECT ${SHOWN} FROM hook_deliveries WHERE hook_id = ? AND id = ?`,
  list: `SELECT ${SHOWN} FROM hook_deliveries
    WHERE hook_id = ? AND id < ? AND (? IS NULL OR state = ?) ORDER BY id DESC LIMIT ?`,
  last: `SELECT ${SHOWN} FROM hook_deliveries
    WHERE hook_id = ? AND tried_ms IS NOT NULL ORDER BY tried_ms DESC, id DESC LIMIT 1`,
  counts: "SELECT state, count(*) AS n FROM hook_deliveries WHERE hook_id = ? GROUP BY state",
  pending: "SELECT count(*) AS n FROM hook_deliveries WHERE hook_id = ? AND state = 'pending'",
  dropOld: "DELETE FROM hook_deliveries WHERE created_ms < ?",
  dropMany: `DELETE FROM hook_deliveries WHERE id IN (
    SELECT id FROM (
      SELECT id, row_number() OVER (PARTITION BY hook_id ORDER BY id DESC) AS place
      FROM hook_deliveries WHERE state <> 'pending'
    ) WHERE place > ?)`,
} as const;

const deliveryOf = (row: Row): Delivery => ({
  id: row.id,
  hookId: row.hook_id,
  type: row.type,
  state: row.state,
  attempts: row.attempts,
  createdAt: timeOf(row.created_ms),
  ...(row.seq === null ? {} : { seq: row.seq }),
  ...(row.next_ms === null ? {} : { nextAttemptAt: timeOf(row.next_ms) }),
  ...(row.ended_ms === null ? {} : { endedAt: timeOf(row.ended_ms) }),
  ...(row.status === null ? {} : { status: row.status }),
  ...(row.reason === null ? {} : { reason: row.reason }),
});

const timeOf = (ms: number): string => new Date(ms).toISOString();

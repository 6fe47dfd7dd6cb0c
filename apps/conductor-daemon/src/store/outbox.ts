import type { EventHead, Frame, ReadLimit, ReadResult, Statement } from "@baa/storage";
import type { Store } from "./store.ts";

/** An event before it has a number. */
export interface OutboxInput {
  readonly at: string;
  readonly type: string;
  readonly sessionId?: string | undefined;
  readonly turnId?: string | undefined;
  readonly codexRunId?: string | undefined;
  readonly approvalId?: string | undefined;
  readonly data: object;
}

interface OutboxRow {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly session_id: string | null;
  readonly turn_id: string | null;
  readonly codex_run_id: string | null;
  readonly approval_id: string | null;
  readonly data: string;
}

/** Rows kept at least; older ones are dropped in steps, so that not every append pays for it. */
const ROWS_KEPT = 100_000;
const DROP_STEP = 1_000;
const ROWS_READ_MAX = 2_048;

/** The numbered events of conductor: appended inside a transaction, visible once it is on disk. */
export class Outbox {
  readonly logId: string;
  readonly #store: Store;
  readonly #insert: Statement;
  readonly #select: Statement;
  readonly #first: Statement;
  readonly #drop: Statement;
  readonly #listeners = new Set<() => void>();
  readonly #alongside: ((event: OutboxInput, seq: number) => void)[] = [];
  readonly #rowsKept: number;
  #head: number;
  #oldest: number;

  constructor(store: Store, o: { newLogId: () => string; rowsKept?: number }) {
    const { database } = store;
    this.#store = store;
    this.#rowsKept = o.rowsKept ?? ROWS_KEPT;
    this.logId = store.write(() => {
      database.prepare("INSERT OR IGNORE INTO outbox_log (id, log_id) VALUES (1, ?)").run(o.newLogId());
      return database.prepare("SELECT log_id FROM outbox_log").get<{ log_id: string }>()?.log_id ?? "";
    });
    this.#insert = database.prepare(
      `INSERT INTO outbox (at, type, session_id, turn_id, codex_run_id, approval_id, data) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#select = database.prepare("SELECT * FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?");
    this.#first = database.prepare("SELECT min(seq) AS seq FROM outbox WHERE at >= ?");
    this.#drop = database.prepare("DELETE FROM outbox WHERE seq < ?");
    const bounds = database
      .prepare("SELECT coalesce(min(seq), 0) AS oldest, coalesce(max(seq), 0) AS head FROM outbox")
      .get<{ oldest: number; head: number }>();
    this.#head = bounds?.head ?? 0;
    this.#oldest = bounds?.oldest || 1;
  }

  oldest(): number {
    return this.#oldest;
  }

  head(): number {
    return this.#head;
  }

  /** Only inside `Store.write`. Returns the event's number, which counts when the transaction does. */
  append(event: OutboxInput): number {
    const orNull = (value: string | undefined): string | null => value ?? null;
    const { lastInsertRowid } = this.#insert.run(
      event.at,
      event.type,
      orNull(event.sessionId),
      orNull(event.turnId),
      orNull(event.codexRunId),
      orNull(event.approvalId),
      JSON.stringify(event.data),
    );
    const seq = Number(lastInsertRowid);
    const oldest = this.#dropOld(seq);
    for (const work of this.#alongside) work(event, seq);
    this.#store.afterCommit(() => {
      this.#oldest = Math.max(this.#oldest, oldest);
      this.#head = seq;
      for (const listener of this.#listeners) listener();
    });
    return seq;
  }

  /** Looks at `ROWS_READ_MAX` rows at most, whatever the filter refuses. */
  read(after: number, limit: ReadLimit): ReadResult {
    const frames: Frame[] = [];
    let lastSeq = after;
    let bytes = 0;
    for (const row of this.#select.all<OutboxRow>(after, ROWS_READ_MAX)) {
      if (row.seq > this.#head) break;
      if (limit.match === undefined || limit.match(headOf(row))) {
        const frame = frameOf(row);
        if (frames.length > 0 && bytes + frame.bytes.length > limit.maxBytes) break;
        frames.push(frame);
        bytes += frame.bytes.length;
      }
      lastSeq = row.seq;
      if (frames.length >= limit.maxRecords || bytes >= limit.maxBytes) break;
    }
    return { frames, lastSeq };
  }

  /** Called for each event inside its transaction: what `work` writes is there exactly when the event is. */
  alongside(work: (event: OutboxInput, seq: number) => void): void {
    this.#alongside.push(work);
  }

  /** The type of the last event before number `seq` that is one of these. */
  lastOf(types: readonly string[], seq: number): string | undefined {
    const places = types.map(() => "?").join(", ");
    const sql = `SELECT type FROM outbox WHERE seq < ? AND type IN (${places}) ORDER BY seq DESC LIMIT 1`;
    return this.#store.database.prepare(sql).get<{ type: string }>(seq, ...types)?.type;
  }

  /** Number of the last event before `at` (RFC 3339 UTC): nothing up to it is of that time or later. */
  lastBefore(at: string): number {
    const row = this.#first.get<{ seq: number | null }>(at);
    return row?.seq === null || row === undefined ? this.#head : row.seq - 1;
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns the oldest number that is left. */
  #dropOld(seq: number): number {
    const oldest = seq - this.#rowsKept + 1;
    if (oldest - this.#oldest < DROP_STEP) return this.#oldest;
    this.#drop.run(oldest);
    return oldest;
  }
}

const headOf = (row: OutboxRow): EventHead => ({ seq: row.seq, type: row.type, ...idsOf(row) });

const idsOf = (row: OutboxRow): Pick<EventHead, "sessionId" | "turnId" | "codexRunId" | "approvalId"> => ({
  ...(row.session_id === null ? {} : { sessionId: row.session_id }),
  ...(row.turn_id === null ? {} : { turnId: row.turn_id }),
  ...(row.codex_run_id === null ? {} : { codexRunId: row.codex_run_id }),
  ...(row.approval_id === null ? {} : { approvalId: row.approval_id }),
});

/** The event in the key order of every feed: seq, at, type, ids, data. */
const frameOf = (row: OutboxRow): Frame => {
  const head = JSON.stringify({ seq: row.seq, at: row.at, type: row.type, ...idsOf(row) });
  return { seq: row.seq, bytes: Buffer.from(`${head.slice(0, -1)},"data":${row.data}}`) };
};

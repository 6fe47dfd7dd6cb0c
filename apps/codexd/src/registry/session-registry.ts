import type { IdempotencyRecord, SessionRecord, StoredEvent } from "./records.ts";
import { SortedIds } from "./sorted-ids.ts";

/** Stored replies are kept for seven days, and at most this many. */
export const IDEMPOTENCY_RECORDS_MAX = 100_000;
export const IDEMPOTENCY_AGE_MS_MAX = 7 * 86_400_000;

type Entry = { kind: "session"; record: SessionRecord } | { kind: "reply"; record: IdempotencyRecord };

/** Sessions, and the stored replies of keyed requests: folded from the log, checkpointed to session-registry.json. */
export class SessionRegistry {
  readonly #sessions = new Map<string, SessionRecord>();
  readonly #byThread = new Map<string, string>();
  readonly #replies = new Map<string, IdempotencyRecord>();
  readonly ids = new SortedIds();
  appliedSeq = 0;

  get(id: string): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  byThread(threadId: string): SessionRecord | undefined {
    const id = this.#byThread.get(threadId);
    return id === undefined ? undefined : this.#sessions.get(id);
  }

  reply(id: string): IdempotencyRecord | undefined {
    return this.#replies.get(id);
  }

  get size(): number {
    return this.#sessions.size;
  }

  apply(event: StoredEvent): void {
    this.appliedSeq = event.seq;
    const data = event.data as { session?: SessionRecord; idempotency?: Omit<IdempotencyRecord, "at"> };
    if (data.idempotency) this.#remember({ ...data.idempotency, at: event.at });
    switch (event.type) {
      case "session.created":
      case "session.updated":
        if (data.session) this.#put(toRecord(data.session));
        break;
      case "session.deleted":
        if (event.sessionId) this.#remove(event.sessionId);
        break;
      case "turn.started":
        this.#markDurable(event.sessionId);
        break;
    }
  }

  /** A consistent copy of everything, as the checkpoint's entries. */
  entries(): Entry[] {
    const sessions = [...this.#sessions.values()].map((record): Entry => ({ kind: "session", record }));
    return sessions.concat([...this.#replies.values()].map((record): Entry => ({ kind: "reply", record })));
  }

  load(entries: readonly unknown[], appliedSeq: number): void {
    for (const entry of entries as Entry[]) {
      if (entry.kind === "session") this.#put(entry.record);
      else this.#replies.set(entry.record.id, entry.record);
    }
    this.appliedSeq = appliedSeq;
  }

  #put(record: SessionRecord): void {
    const former = this.#sessions.get(record.id);
    if (!former) this.ids.add(record.id);
    if (former?.threadId && former.threadId !== record.threadId) this.#byThread.delete(former.threadId);
    this.#sessions.set(record.id, record);
    if (record.threadId) this.#byThread.set(record.threadId, record.id);
  }

  #remove(id: string): void {
    const record = this.#sessions.get(id);
    if (!record) return;
    this.#sessions.delete(id);
    this.ids.remove(id);
    if (record.threadId) this.#byThread.delete(record.threadId);
  }

  #markDurable(id: string | undefined): void {
    const record = id === undefined ? undefined : this.#sessions.get(id);
    if (record && !record.durable) this.#put({ ...record, durable: true });
  }

  #remember(record: IdempotencyRecord): void {
    this.#replies.delete(record.id);
    this.#replies.set(record.id, record);
    const oldest = Date.parse(record.at) - IDEMPOTENCY_AGE_MS_MAX;
    for (const [id, candidate] of this.#replies) {
      if (this.#replies.size <= IDEMPOTENCY_RECORDS_MAX && Date.parse(candidate.at) >= oldest) break;
      this.#replies.delete(id);
    }
  }
}

/** Keeps the stored fields of a session as events carry it; what is derived (state, activeTurnId) is left out. */
const toRecord = (session: SessionRecord & { state?: unknown; activeTurnId?: unknown }): SessionRecord => {
  const { state: _state, activeTurnId: _active, ...record } = session;
  return record;
};

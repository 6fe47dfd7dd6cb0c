import type { IdempotencyRecord } from "./records.ts";
import { reducedReply } from "./reduced-reply.ts";

/** Stored replies are kept for seven days, and at most this many. */
export const IDEMPOTENCY_RECORDS_MAX = 100_000;
export const IDEMPOTENCY_AGE_MS_MAX = 7 * 86_400_000;

/** The stored replies of keyed requests, oldest first, and which of them speak of a session. */
export class StoredReplies {
  readonly #replies = new Map<string, IdempotencyRecord>();
  readonly #ofSession = new Map<string, Set<string>>();

  get(id: string): IdempotencyRecord | undefined {
    return this.#replies.get(id);
  }

  all(): IdempotencyRecord[] {
    return [...this.#replies.values()];
  }

  /** Takes a reply as the newest one; those too old or too many go. */
  remember(record: IdempotencyRecord): void {
    this.#delete(record.id);
    this.put(record);
    const oldest = Date.parse(record.at) - IDEMPOTENCY_AGE_MS_MAX;
    for (const [id, candidate] of this.#replies) {
      if (this.#replies.size <= IDEMPOTENCY_RECORDS_MAX && Date.parse(candidate.at) >= oldest) break;
      this.#delete(id);
    }
  }

  put(record: IdempotencyRecord): void {
    this.#replies.set(record.id, record);
    if (record.sessionId === undefined) return;
    const ids = this.#ofSession.get(record.sessionId);
    if (ids === undefined) this.#ofSession.set(record.sessionId, new Set([record.id]));
    else ids.add(record.id);
  }

  /** The session was deleted: its replies keep only what a replay needs. */
  forgetSession(sessionId: string): void {
    for (const id of this.#ofSession.get(sessionId) ?? []) {
      const { body, ...record } = this.#replies.get(id) as IdempotencyRecord;
      this.#replies.set(id, { ...record, body: reducedReply(body) });
    }
  }

  #delete(id: string): void {
    const { sessionId } = this.#replies.get(id) ?? {};
    this.#replies.delete(id);
    if (sessionId === undefined) return;
    const ids = this.#ofSession.get(sessionId);
    ids?.delete(id);
    if (ids?.size === 0) this.#ofSession.delete(sessionId);
  }
}

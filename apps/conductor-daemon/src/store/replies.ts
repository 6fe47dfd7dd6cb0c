import { ProblemError, type RequestMark } from "@baa/http";
import type { Statement } from "@baa/storage";
import type { Store } from "./store.ts";

export interface StoredReply {
  readonly status: number;
  readonly body: unknown;
}

/** How long replies are kept, and how many. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;
const REPLIES_MAX = 100_000;
/** To find those beyond it all are walked, so that is done once for so many new ones. */
const DROP_STEP = 1_000;

/** Makes keyed requests happen once: reply and effect are one transaction. */
export class Replies {
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #select: Statement;
  readonly #insert: Statement;
  readonly #dropOld: Statement;
  readonly #dropMany: Statement;
  readonly #o: { readonly repliesMax: number; readonly dropStep: number };
  #untilDrop = 0;

  /** `dropStep`: so many more than `repliesMax` may be there. */
  constructor(store: Store, nowMs: () => number, o = { repliesMax: REPLIES_MAX, dropStep: DROP_STEP }) {
    const { database } = store;
    this.#store = store;
    this.#nowMs = nowMs;
    this.#o = o;
    this.#select = database.prepare("SELECT digest, status, body FROM replies WHERE id = ?");
    this.#insert = database.prepare("INSERT INTO replies (id, digest, status, body, at_ms) VALUES (?, ?, ?, ?, ?)");
    this.#dropOld = database.prepare("DELETE FROM replies WHERE at_ms < ?");
    this.#dropMany = database.prepare(
      "DELETE FROM replies WHERE id IN (SELECT id FROM replies ORDER BY at_ms DESC LIMIT -1 OFFSET ?)",
    );
  }

  /**
   * Runs `work` in a transaction, or gives the reply of the same request back. Without a mark every request is new.
   * @throws ProblemError idempotency_key_reused when the key came with another body; what Store.write throws.
   */
  once(mark: RequestMark | undefined, work: () => StoredReply): StoredReply {
    if (mark === undefined) return this.#store.write(work);
    const stored = this.#select.get<{ digest: string; status: number; body: string }>(mark.id);
    if (stored !== undefined && stored.digest !== mark.digest) throw new ProblemError("idempotency_key_reused");
    if (stored !== undefined) return { status: stored.status, body: bodyOf(stored.body) };
    return this.#store.write(() => {
      const reply = work();
      const nowMs = this.#nowMs();
      this.#dropOld.run(nowMs - KEPT_MS);
      this.#insert.run(mark.id, mark.digest, reply.status, JSON.stringify(reply.body ?? null), nowMs);
      this.#dropExcess();
      return reply;
    });
  }

  #dropExcess(): void {
    const { repliesMax, dropStep } = this.#o;
    if (this.#untilDrop === 0) {
      this.#dropMany.run(repliesMax);
      this.#untilDrop = dropStep;
    }
    this.#untilDrop -= 1;
  }
}

/** No reply of ours has the body null: it stands for none. */
const bodyOf = (stored: string): unknown => (JSON.parse(stored) as unknown) ?? undefined;

import { type KeyedRequest, ProblemError, requestMark } from "@baa/http";
import type { SessionRegistry } from "./registry/session-registry.ts";

/** The part of a stored reply that travels inside the event it belongs to: effect and reply are one record. */
export interface ReplyMark {
  readonly id: string;
  readonly digest: string;
}

export interface StoredReply {
  readonly status: number;
  readonly body: unknown;
}

export type Claim = { kind: "replay"; reply: StoredReply } | { kind: "fresh"; mark: ReplyMark; release: () => void };

/** Makes keyed requests happen once: the same reply again, 409 while one is in progress, 422 for another body. */
export class Idempotency {
  readonly #sessions: SessionRegistry;
  readonly #inProgress = new Set<string>();

  constructor(sessions: SessionRegistry) {
    this.#sessions = sessions;
  }

  /** Throws idempotency_in_progress or idempotency_key_reused. */
  claim(request: KeyedRequest): Claim {
    const mark = requestMark(request);
    const { id, digest } = mark;
    const stored = this.#sessions.reply(id);
    if (stored && stored.digest !== digest) throw new ProblemError("idempotency_key_reused");
    if (stored) return { kind: "replay", reply: { status: stored.status, body: stored.body } };
    if (this.#inProgress.has(id)) throw new ProblemError("idempotency_in_progress", undefined, { retryAfterS: 1 });
    this.#inProgress.add(id);
    return { kind: "fresh", mark, release: () => this.#inProgress.delete(id) };
  }
}

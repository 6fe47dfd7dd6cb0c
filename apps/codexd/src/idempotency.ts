import crypto from "node:crypto";
import { ProblemError } from "@baa/http";
import type { SessionRegistry } from "./registry/session-registry.ts";

/** What identifies a keyed request: scope = credential, method and canonical path. */
export interface KeyedRequest {
  readonly key: string;
  readonly credentialId: string;
  readonly method: string;
  readonly canonicalPath: string;
  readonly body: unknown;
}

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
    const id = digest([request.credentialId, request.method, request.canonicalPath, request.key]);
    const bodyDigest = digest(canonical(request.body ?? null));
    const stored = this.#sessions.reply(id);
    if (stored && stored.digest !== bodyDigest) throw new ProblemError("idempotency_key_reused");
    if (stored) return { kind: "replay", reply: { status: stored.status, body: stored.body } };
    if (this.#inProgress.has(id)) throw new ProblemError("idempotency_in_progress", undefined, { retryAfterS: 1 });
    this.#inProgress.add(id);
    return { kind: "fresh", mark: { id, digest: bodyDigest }, release: () => this.#inProgress.delete(id) };
  }
}

const digest = (value: unknown): string =>
  crypto.createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 32);

/** The value with the keys of every object sorted, so that equal bodies have equal text. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, canonical(entry)]),
  );
};

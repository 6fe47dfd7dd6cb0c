import { createHash, timingSafeEqual } from "node:crypto";
import type { Scope } from "@baa/contracts";

/** Who a request is, as the server's own records say. Nothing a client declares is part of it. */
export interface Credential {
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
}

export interface CredentialSource {
  /** The credential of this token, compared by digest in constant time. Never throws. */
  find(token: string): Credential | undefined;
}

export const digestOf = (token: string): Buffer => createHash("sha256").update(token, "utf8").digest();

/** Equal lengths by construction: both are SHA-256 digests. */
export const matchesDigest = (token: string, digest: Buffer): boolean => timingSafeEqual(digestOf(token), digest);

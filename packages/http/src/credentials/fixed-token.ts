import { timingSafeEqual } from "node:crypto";
import type { Scope } from "@baa/contracts";
import { digestOf } from "./credential.ts";
import type { CredentialSource } from "./credential.ts";

/** A token that is known already (tests, a secret handed over in memory). Only its digest is kept. */
export function fixedToken(o: { token: string; id: string; scopes: Iterable<Scope> }): CredentialSource {
  const own = digestOf(o.token);
  const credential = { id: o.id, scopes: new Set(o.scopes) };
  return { find: (digest) => (timingSafeEqual(digest, own) ? credential : undefined) };
}

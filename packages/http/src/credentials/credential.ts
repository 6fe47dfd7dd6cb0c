import { hash } from "node:crypto";
import type { Scope } from "@baa/contracts";

/** Who a request is, as the server's own records say. Nothing a client declares is part of it. */
export interface Credential {
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
}

export interface CredentialSource {
  /** The credential of the token with this digest (`digestOf`), compared in constant time. Never throws. */
  find(digest: Buffer): Credential | undefined;
}

/** SHA-256: all are equally long, as a comparison in constant time needs. */
export const digestOf = (token: string): Buffer => hash("sha256", token, "buffer");

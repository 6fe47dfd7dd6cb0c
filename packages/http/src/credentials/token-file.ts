import { timingSafeEqual } from "node:crypto";
import type { Scope } from "@baa/contracts";
import { fileState, readPrivateFile } from "@baa/storage";
import { digestOf } from "./credential.ts";
import type { Credential, CredentialSource } from "./credential.ts";

/** A token file that cannot serve as a secret. */
export class TokenFileError extends Error {
  override readonly name = "TokenFileError";
}

/** 32 random bytes are 43 characters in base64url; an operator's own token may be shorter, but not this short. */
export const TOKEN_CHARS_MIN = 32;

export interface TokenFileOptions {
  readonly path: string;
  /** Names the credential in logs and idempotency records. */
  readonly id: string;
  readonly scopes: Iterable<Scope>;
  /** Somebody else makes it, perhaps later: while there is none, nothing matches. */
  readonly mayBeMissing?: boolean;
  /** Told once per change when the file became unreadable; until it is mended nothing matches. */
  readonly onError?: (error: unknown) => void;
}

/**
 * A bearer token in a private file (0600, ours). Only its digest is kept. The file's state is looked at for
 * every request that asks here (one stat), so a rotated token counts from the next request on.
 * @throws what readPrivateFile throws (missing, wrong mode, wrong owner), TokenFileError when it is too short.
 */
export function tokenFile(o: TokenFileOptions): CredentialSource {
  const credential: Credential = { id: o.id, scopes: new Set(o.scopes) };
  let state = fileState(o.path);
  const isMissing = (): boolean => o.mayBeMissing === true && state === "missing";
  let own: Buffer | undefined = isMissing() ? undefined : readDigest(o.path);

  const refresh = (): void => {
    const now = fileState(o.path);
    if (now === state) return;
    state = now;
    try {
      own = isMissing() ? undefined : readDigest(o.path);
    } catch (error) {
      own = undefined;
      o.onError?.(error);
    }
  };

  return {
    find(digest) {
      refresh();
      return own !== undefined && timingSafeEqual(digest, own) ? credential : undefined;
    },
  };
}

function readDigest(path: string): Buffer {
  const token = readPrivateFile(path).trim();
  if (token.length < TOKEN_CHARS_MIN) {
    throw new TokenFileError(`${path}: the token is shorter than ${TOKEN_CHARS_MIN} characters; make a new one`);
  }
  return digestOf(token);
}

import { timingSafeEqual } from "node:crypto";
import { fileState } from "@baa/storage";
import type { Credential, CredentialSource } from "./credential.ts";
import { checkTokenEntry, readTokenDocument, type TokenEntry } from "./token-document.ts";

interface Known {
  readonly digest: Buffer;
  readonly credential: Credential;
  readonly expiresMs: number;
}

export interface TokenListOptions {
  /** `{format: 1, minReader: 1, tokens: [{id, digest, scopes, public?, expiresAt?}]}`; no file = no token. */
  readonly path: string;
  /** Which of the two kinds this source knows: those for our own addresses, or those for the public host. */
  readonly kind: "own" | "public";
  readonly nowMs?: () => number;
  /** Told once per change when the file became unreadable; until it is mended nothing matches. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Tokens with scopes, kept as digests in a private file. Looked at for every request that asks here (one stat), so that one that
 * was revoked is refused from the next request on.
 * @throws what readPrivateFile throws (wrong mode, wrong owner), TokenFileError for what cannot be read.
 */
export function tokenList(o: TokenListOptions): CredentialSource {
  const nowMs = o.nowMs ?? Date.now;
  let state = fileState(o.path);
  let known = readTokens(o);

  const refresh = (): void => {
    const now = fileState(o.path);
    if (now === state) return;
    state = now;
    try {
      known = readTokens(o);
    } catch (error) {
      known = [];
      o.onError?.(error);
    }
  };

  return {
    find(digest) {
      refresh();
      // All are compared, whichever fits: how long it takes says nothing about the list.
      const found = known.filter((one) => timingSafeEqual(one.digest, digest));
      return found.find((one) => one.expiresMs > nowMs())?.credential;
    },
  };
}

function readTokens(o: TokenListOptions): readonly Known[] {
  const { tokens } = readTokenDocument(o.path) ?? { tokens: [] };
  return tokens.filter((token) => token.public === (o.kind === "public")).map((token) => knownOf(o.path, token));
}

function knownOf(path: string, token: TokenEntry): Known {
  checkTokenEntry(path, token);
  return {
    digest: Buffer.from(token.digest, "hex"),
    credential: { id: token.id, scopes: new Set(token.scopes) },
    expiresMs: token.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(token.expiresAt),
  };
}

import fs from "node:fs";
import { timingSafeEqual } from "node:crypto";
import { SCOPES } from "@baa/contracts";
import type { Scope } from "@baa/contracts";
import { readPrivateFile } from "@baa/storage";
import { z } from "zod";
import { digestOf } from "./credential.ts";
import type { Credential, CredentialSource } from "./credential.ts";
import { TokenFileError } from "./token-file.ts";

/** What a token for the public host may carry at most. */
const PUBLIC_SCOPES: readonly Scope[] = ["read", "drive"];

const Entry = z.looseObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  /** Lower-case hex of the token's SHA-256. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** For the public host, and for nothing else. */
  public: z.boolean().default(false),
  expiresAt: z.string().optional(),
});
const Document = z.looseObject({ format: z.number().int(), minReader: z.number().int(), tokens: z.array(Entry) });

/** The format that this code reads. */
const FORMAT = 1;

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
 * Tokens with scopes, kept as digests in a private file. Looked at for every request (one stat), so that one that
 * was revoked is refused from the next request on.
 * @throws what readPrivateFile throws (wrong mode, wrong owner), TokenFileError for what cannot be read.
 */
export function tokenList(o: TokenListOptions): CredentialSource {
  const nowMs = o.nowMs ?? Date.now;
  let state = stateOf(o.path);
  let known = readTokens(o);

  const refresh = (): void => {
    const now = stateOf(o.path);
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
    find(token) {
      refresh();
      const digest = digestOf(token);
      // All are compared, whichever fits: how long it takes says nothing about the list.
      const found = known.filter((one) => timingSafeEqual(one.digest, digest));
      return found.find((one) => one.expiresMs > nowMs())?.credential;
    },
  };
}

const stateOf = (path: string): string => {
  const stat = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "missing" : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
};

function readTokens(o: TokenListOptions): readonly Known[] {
  let text: string;
  try {
    text = readPrivateFile(o.path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const { tokens } = parseDocument(o.path, text);
  return tokens.filter((token) => token.public === (o.kind === "public")).map((token) => knownOf(o.path, token));
}

function parseDocument(path: string, text: string): z.infer<typeof Document> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TokenFileError(`${path}: it is not JSON; mend it, or move it away and make the tokens anew`, { cause });
  }
  const parsed = Document.safeParse(value);
  if (!parsed.success) throw new TokenFileError(`${path}: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  if (parsed.data.minReader > FORMAT) {
    throw new TokenFileError(`${path}: it was written by a newer release, which is needed to read it`);
  }
  return parsed.data;
}

function knownOf(path: string, token: z.infer<typeof Entry>): Known {
  const excess = token.public ? token.scopes.filter((scope) => !PUBLIC_SCOPES.includes(scope)) : [];
  if (excess.length > 0) {
    throw new TokenFileError(`${path}: ${token.id} is for the public host and may carry read and drive only`);
  }
  const expiresMs = token.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(token.expiresAt);
  if (Number.isNaN(expiresMs)) throw new TokenFileError(`${path}: ${token.id} has an expiresAt that is no time`);
  return {
    digest: Buffer.from(token.digest, "hex"),
    credential: { id: token.id, scopes: new Set(token.scopes) },
    expiresMs,
  };
}

import { SCOPES, type Scope } from "@baa/contracts";
import { readPrivateFile } from "@baa/storage";
import * as z from "zod";
import { TokenFileError } from "./token-file.ts";

/** What a token for the public host may carry at most. */
export const PUBLIC_SCOPES: readonly Scope[] = ["read", "drive"];

/** The format of tokens.json that this code reads and writes. */
export const TOKENS_FORMAT = 1;

/** One token as tokens.json keeps it: everything but its value. */
export const TokenEntry = z.looseObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, { error: "must be 1 to 64 letters, digits, _ or -" }),
  /** Lower-case hex of the token's SHA-256. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** For the public host, and for nothing else. */
  public: z.boolean().default(false),
  /** After it nothing matches any more. */
  expiresAt: z.string().optional(),
});
export type TokenEntry = z.infer<typeof TokenEntry>;

/** tokens.json. Fields that are not known here are kept by whoever writes it. */
export const TokenDocument = z.looseObject({
  format: z.number().int(),
  minReader: z.number().int(),
  tokens: z.array(TokenEntry),
});
export type TokenDocument = z.infer<typeof TokenDocument>;

/**
 * Reads tokens.json; undefined when there is none. Its entries are not looked at one by one: see checkTokenEntry.
 * @throws what readPrivateFile throws (wrong mode, wrong owner), TokenFileError for what cannot be read.
 */
export function readTokenDocument(path: string): TokenDocument | undefined {
  let text: string;
  try {
    text = readPrivateFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return parse(path, text);
}

function parse(path: string, text: string): TokenDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TokenFileError(`${path}: it is not JSON; mend it, or move it away and make the tokens anew`, { cause });
  }
  const parsed = TokenDocument.safeParse(value);
  if (!parsed.success) throw new TokenFileError(`${path}: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
  if (parsed.data.minReader > TOKENS_FORMAT) {
    throw new TokenFileError(`${path}: it was written by a newer release, which is needed to read it`);
  }
  return parsed.data;
}

/** Whether the parts of an entry agree. @throws TokenFileError */
export function checkTokenEntry(path: string, token: TokenEntry): void {
  const excess = token.public ? token.scopes.filter((scope) => !PUBLIC_SCOPES.includes(scope)) : [];
  if (excess.length > 0) {
    throw new TokenFileError(`${path}: ${token.id} is for the public host and may carry read and drive only`);
  }
  if (token.expiresAt !== undefined && Number.isNaN(Date.parse(token.expiresAt))) {
    throw new TokenFileError(`${path}: ${token.id} has an expiresAt that is no time`);
  }
}

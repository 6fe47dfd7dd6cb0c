import crypto from "node:crypto";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Scope } from "@baa/contracts";
import {
  checkTokenEntry,
  digestOf,
  PUBLIC_SCOPES,
  readTokenDocument,
  TOKENS_FORMAT,
  type TokenDocument,
  type TokenEntry,
} from "@baa/http";
import { acquireLock, ensurePrivateDirDurable, type Lock, LockHeldError, writeFileDurable } from "@baa/storage";
import { CliError, usageError } from "../errors.ts";

const TOKEN_BYTES = 32;
/** Another writer holds the lock for a few milliseconds. */
const LOCK_WAIT_MS = 5_000;
const LOCK_PAUSE_MS = 20;

/** What a new token is to be. */
export interface NewToken {
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** For the public host, and for nothing else. */
  readonly isPublic: boolean;
  /** RFC 3339; after it the token is refused. */
  readonly expiresAt?: string | undefined;
  /** RFC 3339 time of now. */
  readonly createdAt: string;
}

/**
 * tokens.json: the tokens with scopes, of which only digests are kept. The daemons look at it for every request, so
 * what is written here counts from the next one on. Two writers wait for each other, a write is on the disk or did not
 * happen, and fields that this release does not know stay as they are.
 */
export class TokenBook {
  readonly file: string;

  constructor(configDir: string) {
    this.file = path.join(configDir, "tokens.json");
  }

  /**
   * All tokens, in the order they were made.
   * @throws PermissionFault, TokenFileError
   */
  list(): readonly TokenEntry[] {
    return this.#read().tokens;
  }

  /**
   * Makes a token and returns its value, which is kept nowhere.
   * @throws CliError for a name that is taken or scopes that do not fit; PermissionFault, TokenFileError.
   */
  add(wanted: NewToken): Promise<{ token: string; entry: TokenEntry }> {
    const excess = wanted.isPublic ? wanted.scopes.filter((scope) => !PUBLIC_SCOPES.includes(scope)) : [];
    if (excess.length > 0) {
      throw usageError(
        `a token for the public host may carry ${PUBLIC_SCOPES.join(" and ")} only, not ${excess.join(", ")}`,
      );
    }
    return this.#change((document) => {
      if (document.tokens.some(({ id }) => id === wanted.id)) {
        throw new CliError(
          "failed",
          "token_exists",
          `there is a token named ${wanted.id}; revoke it first, or take another name`,
        );
      }
      const token = crypto.randomBytes(TOKEN_BYTES).toString("base64url");
      const entry: TokenEntry = {
        id: wanted.id,
        digest: digestOf(token).toString("hex"),
        scopes: [...wanted.scopes],
        public: wanted.isPublic,
        createdAt: wanted.createdAt,
        ...(wanted.expiresAt === undefined ? {} : { expiresAt: wanted.expiresAt }),
      };
      return { tokens: [...document.tokens, entry], result: { token, entry } };
    });
  }

  /**
   * Takes a token out; it is refused from the next request on.
   * @throws CliError when there is none of this name; PermissionFault, TokenFileError.
   */
  revoke(id: string): Promise<TokenEntry> {
    return this.#change((document) => {
      const entry = document.tokens.find((token) => token.id === id);
      if (entry === undefined) {
        throw new CliError("failed", "token_not_found", `there is no token named ${id}; \`baa token ls\` shows all`);
      }
      return { tokens: document.tokens.filter((token) => token !== entry), result: entry };
    });
  }

  #read(): TokenDocument {
    const document = readTokenDocument(this.file) ?? { format: TOKENS_FORMAT, minReader: TOKENS_FORMAT, tokens: [] };
    for (const token of document.tokens) checkTokenEntry(this.file, token);
    return document;
  }

  async #change<T>(edit: (document: TokenDocument) => { tokens: TokenEntry[]; result: T }): Promise<T> {
    ensurePrivateDirDurable(path.dirname(this.file));
    return whileLocked(`${this.file}.lock`, () => {
      const document = this.#read();
      const { tokens, result } = edit(document);
      writeFileDurable(this.file, `${JSON.stringify({ ...document, tokens }, undefined, 2)}\n`);
      return result;
    });
  }
}

/** Does `work` under the lock, once another writer has done its own. */
async function whileLocked<T>(file: string, work: () => T): Promise<T> {
  const endMs = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    const lock = tryLock(file, performance.now() > endMs);
    if (lock === undefined) {
      await delay(LOCK_PAUSE_MS);
      continue;
    }
    try {
      return work();
    } finally {
      lock.release();
    }
  }
}

function tryLock(file: string, isLastTry: boolean): Lock | undefined {
  try {
    return acquireLock(file, { holder: "baa token" });
  } catch (error) {
    if (!(error instanceof LockHeldError)) throw error;
    if (isLastTry) throw new CliError("tryLater", "busy", `${error.message}; try again`, { cause: error });
    return undefined;
  }
}

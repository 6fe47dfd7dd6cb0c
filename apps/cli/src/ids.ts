import type { CodexClient } from "@baa/client";
import { usageError } from "./errors.ts";

/** Hex digits of an id that people are shown. */
const SHOWN_DIGITS = 8;
/** The fewest that they may give. */
const GIVEN_DIGITS_MIN = 4;
const ID = /^(?:([a-z]+)_)?([0-9a-f]+)$/;

/** The end of an id, which differs even between ids of the same moment. Whole ones are in `--json`. */
export const shortId = (id: string): string => id.slice(-SHOWN_DIGITS);

/** Whether `given` (a whole id, or the beginning or end of one, with or without its prefix) can mean `id`. */
export const means = (given: string, id: string): boolean => {
  const [, prefix, digits = ""] = ID.exec(given) ?? [];
  const [, ownPrefix, ownDigits = ""] = ID.exec(id) ?? [];
  if (digits === "" || (prefix !== undefined && prefix !== ownPrefix)) return false;
  return ownDigits.startsWith(digits) || ownDigits.endsWith(digits);
};

/** Pages of a list that are searched for a short id, 500 entries each. */
const PAGES_MAX = 20;
const PAGE = 500;

type List = (cursor: string | undefined) => Promise<{ ids: readonly string[]; nextCursor: string | null }>;

interface Asked {
  readonly kind: "ses" | "apr";
  readonly what: string;
  readonly given: string;
}

/**
 * The whole id for one that may be shortened, from the first list in which one fits. A whole one is taken as it is.
 *
 * Throws CliError `usage` when it is no id, when none fits, or when several do (they are named).
 */
const resolve = async ({ kind, what, given }: Asked, lists: readonly List[]): Promise<string> => {
  const [, prefix = kind, digits = ""] = ID.exec(given) ?? [];
  if (prefix !== kind || digits.length < GIVEN_DIGITS_MIN) {
    throw usageError(
      `${given} is no id of a ${what}: give ${kind}_ and 32 hex digits, or at least ${GIVEN_DIGITS_MIN} at its beginning or end`,
    );
  }
  if (digits.length === 32) return `${kind}_${digits}`;
  const found = new Set<string>();
  for (const list of lists) {
    for (const id of await search(list)) if (means(given, id)) found.add(id);
    if (found.size > 0) break;
  }
  const [only, ...others] = found;
  if (only === undefined) throw usageError(`no ${what} has an id that begins or ends with ${given}`);
  if (others.length === 0) return only;
  throw usageError(`${given} is short for ${[only, ...others].slice(0, 5).join(", ")}: give more of it`);
};

const search = async (list: List): Promise<string[]> => {
  const all: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const { ids, nextCursor } = await list(cursor);
    all.push(...ids);
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return all;
};

/** The id of a session; archived ones are looked at when no other fits. */
export const resolveSession = (codex: CodexClient, given: string, signal: AbortSignal): Promise<string> => {
  const listOf =
    (state: "archived" | undefined): List =>
    async (cursor) => {
      const { sessions, nextCursor } = await codex.listSessions({ query: { limit: PAGE, cursor, state }, signal });
      return { ids: sessions.map(({ id }) => id), nextCursor };
    };
  return resolve({ kind: "ses", what: "session", given }, [listOf(undefined), listOf("archived")]);
};

/** The id of an approval; resolved ones are looked at when no pending one fits. */
export const resolveApproval = (codex: CodexClient, given: string, signal: AbortSignal): Promise<string> => {
  const listOf =
    (state: "pending" | "resolved"): List =>
    async (cursor) => {
      const { approvals, nextCursor } = await codex.listApprovals({ query: { limit: PAGE, cursor, state }, signal });
      return { ids: approvals.map(({ id }) => id), nextCursor };
    };
  return resolve({ kind: "apr", what: "approval", given }, [listOf("pending"), listOf("resolved")]);
};

import type { Clock, Logger } from "@baa/process";
import type { ThreadSearchParams, ThreadSearchResponse } from "@baa/codex-app-server";
import type { CodexChild } from "../child/codex-child.ts";
import type { Journal } from "../journal/journal.ts";

/** Codex searches its files anew for every question, a few milliseconds a hit (0.169.0): both are bounded. */
const SEARCH_MS_MAX = 5000;
const HITS_A_PAGE = 100;
const PAGES_MAX = 20;
/** Every kind that a session's thread can have; an adopted one may come from anywhere. */
const SOURCE_KINDS = ["cli", "vscode", "exec", "appServer", "unknown"] as const;

export interface TextHits {
  /** Sessions in whose text it was found. */
  readonly sessionIds: ReadonlySet<string>;
  /** The search is not complete: Codex could not be asked, failed, or found more than is looked at. */
  readonly isPartial: boolean;
}

export interface SessionSearchOptions {
  readonly child: CodexChild;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Searches what was said in sessions, by Codex's own search of the threads it has stored: what users and the model
 * said, in any case, as a part of words too. Of a forked session that is what was said since the fork.
 */
export class SessionSearch {
  readonly #options: SessionSearchOptions;

  constructor(options: SessionSearchOptions) {
    this.#options = options;
  }

  /** Never throws: what cannot be searched is said in `isPartial`. `isArchived`: in Codex's archive, else outside it. */
  async find(searchTerm: string, isArchived: boolean): Promise<TextHits> {
    const { child, logger } = this.#options;
    const sessionIds = new Set<string>();
    if (!child.isReady) return { sessionIds, isPartial: true };
    try {
      const isComplete = await this.#collect({ searchTerm, archived: isArchived }, sessionIds);
      return { sessionIds, isPartial: !isComplete };
    } catch (error) {
      logger.info({ event: "session.search.failed", err: error }, "Codex could not search its threads");
      return { sessionIds, isPartial: true };
    }
  }

  /** Whether every page was looked at. */
  async #collect(asked: Pick<ThreadSearchParams, "searchTerm" | "archived">, into: Set<string>): Promise<boolean> {
    const { child, journal, clock } = this.#options;
    const deadlineMs = clock.monoMs() + SEARCH_MS_MAX;
    let cursor: string | null = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const timeoutMs = deadlineMs - clock.monoMs();
      if (timeoutMs <= 0) return false;
      const params: ThreadSearchParams = { ...asked, cursor, limit: HITS_A_PAGE, sourceKinds: [...SOURCE_KINDS] };
      const found: ThreadSearchResponse = (await child.request("thread/search", params, { timeoutMs })).result;
      for (const { thread } of found.data) {
        const session = journal.registries.sessions.byThread(thread.id);
        if (session) into.add(session.id);
      }
      cursor = found.nextCursor;
      if (cursor === null) return true;
    }
    return false;
  }
}

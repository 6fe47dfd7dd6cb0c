import type { Session } from "@baa/contracts";
import { signal } from "@preact/signals";
import { ApiError } from "../api/api-error.ts";
import type { Api } from "../api/api.ts";

/** What the list is narrowed to. `worker`: the sessions that programs made, which are else left out. */
export const SESSION_FILTERS = ["all", "running", "awaitingApproval", "idle", "archived", "worker"] as const;
export type SessionFilter = (typeof SESSION_FILTERS)[number];

export interface SessionRows {
  readonly rows: readonly Session[];
  readonly nextCursor: string | null;
  /** Page time from which the list is, if it is old. */
  readonly oldFromMs: number | undefined;
  /** Only titles were searched, not what was said. */
  readonly isPartial: boolean;
  readonly isLoaded: boolean;
  readonly failure: string | undefined;
}

const NO_ROWS: SessionRows = {
  rows: [],
  nextCursor: null,
  oldFromMs: undefined,
  isPartial: false,
  isLoaded: false,
  failure: undefined,
};

const PAGE = 30;
/** Rows that are read again at once; those after them stay as they are until they are asked for. */
const ROWS_MAX = 300;
/** Events come in bursts; the list is read once for all of them. */
const SETTLE_MS = 400;

/** The list of sessions: searched and filtered by the service, page by page. */
export class SessionStore {
  readonly list = signal<SessionRows>(NO_ROWS);
  readonly search = signal("");
  readonly filter = signal<SessionFilter>("all");
  readonly isLoading = signal(false);
  readonly #api: Api;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = new AbortController();

  constructor(o: { api: Api }) {
    this.#api = o.api;
  }

  /** Another search or filter: from the first page on. */
  narrow(change: { search?: string; filter?: SessionFilter }): void {
    if (change.search !== undefined) this.search.value = change.search;
    if (change.filter !== undefined) this.filter.value = change.filter;
    this.list.value = { ...this.list.value, rows: this.list.value.rows.slice(0, PAGE), nextCursor: null };
    this.refreshSoon();
  }

  /** Something has changed; reads the list again in a moment. */
  refreshSoon(): void {
    this.#timer ??= setTimeout(() => void this.refresh(), SETTLE_MS);
  }

  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const shown = Math.min(Math.max(PAGE, this.list.peek().rows.length), ROWS_MAX);
    await this.#read({ limit: shown }, () => []);
  }

  async more(): Promise<void> {
    const { nextCursor } = this.list.peek();
    if (nextCursor !== null) await this.#read({ limit: PAGE, cursor: nextCursor }, (list) => list.rows);
  }

  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#reading.abort();
    this.list.value = NO_ROWS;
  }

  /** The row of a session, if it is in the list. */
  find(sessionId: string): Session | undefined {
    return this.list.value.rows.find(({ id }) => id === sessionId);
  }

  async #read(
    page: { limit: number; cursor?: string },
    before: (list: SessionRows) => readonly Session[],
  ): Promise<void> {
    this.#reading.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    this.isLoading.value = true;
    try {
      const reply = await this.#api.sessions({ ...page, ...this.#narrowed() }, signal);
      const list = this.list.peek();
      const known = before(list);
      const ids = new Set(known.map(({ id }) => id));
      this.list.value = {
        rows: [...known, ...reply.sessions.filter(({ id }) => !ids.has(id))],
        nextCursor: reply.nextCursor,
        oldFromMs: reply.staleMs > 0 ? Date.now() - reply.staleMs : undefined,
        isPartial: (reply.partial?.length ?? 0) > 0,
        isLoaded: true,
        failure: undefined,
      };
    } catch (error) {
      if (signal.aborted) return;
      const failure = error instanceof ApiError ? error.message : String(error);
      this.list.value = { ...this.list.peek(), failure };
    }
    if (!signal.aborted) this.isLoading.value = false;
  }

  #narrowed(): Record<string, string> {
    const filter = this.filter.peek();
    const q = this.search.peek().trim();
    return {
      ...(q === "" ? {} : { q }),
      ...(filter === "all" ? {} : filter === "worker" ? { purpose: filter } : { state: filter }),
    };
  }
}

import { ProblemError } from "@baa/http";
import type { FirefoxCommandState, FirefoxError } from "@baa/contracts/firefox";
import type { Statement } from "@baa/storage";
import type { Store } from "../store/store.ts";

/** A command as it stands in the store. */
export interface CommandRow {
  readonly id: string;
  readonly client_id: string;
  readonly method: string;
  /** JSON text. */
  readonly params: string;
  readonly effect: "read" | "write";
  readonly state: FirefoxCommandState;
  readonly asked_by: string;
  readonly created_ms: number;
  readonly deadline_ms: number;
  readonly sent_ms: number | null;
  readonly ended_ms: number | null;
  readonly deliveries: number;
  readonly cancel_asked: number;
  readonly text: string | null;
  /** JSON text; null when there is none, or when it is a file: then `result_chars` says how long. */
  readonly result: string | null;
  readonly result_chars: number | null;
  /** JSON text. */
  readonly error: string | null;
}

/** What decides about a command, without anything long. */
export type CommandHead = Omit<CommandRow, "params" | "text" | "result" | "error">;

export interface NewCommand {
  readonly id: string;
  readonly clientId: string;
  readonly method: string;
  readonly params: string;
  readonly effect: "read" | "write";
  readonly askedBy: string;
  readonly createdMs: number;
  readonly deadlineMs: number;
}

/** How a command ended. */
export interface CommandEnd {
  readonly state: FirefoxCommandState;
  readonly error?: FirefoxError | undefined;
  /** JSON text of a short result. */
  readonly result?: string | undefined;
  readonly resultChars?: number | undefined;
}

export interface ListOptions {
  readonly clientId?: string | undefined;
  readonly state?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What is kept of ended commands. Results count with their characters. */
export interface Keep {
  readonly sinceMs: number;
  readonly rows: number;
  readonly chars: number;
}

const HEAD = `id, client_id, method, effect, state, asked_by, created_ms, deadline_ms, sent_ms, ended_ms, deliveries,
  cancel_asked, result_chars`;
const OPEN = "state IN ('queued', 'sent', 'running')";

/** The commands as rows. All changes are inside `Store.write`. */
export class CommandRows {
  readonly #nowMs: () => number;
  readonly #statements: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor({ database }: Store, o: { nowMs: () => number }) {
    this.#nowMs = o.nowMs;
    this.#statements = Object.fromEntries(
      Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Record<keyof typeof SQL, Statement>;
  }

  insert(c: NewCommand): void {
    const { id, clientId, method, params, effect, askedBy, createdMs, deadlineMs } = c;
    this.#statements.insert.run(id, clientId, method, params, effect, askedBy, createdMs, deadlineMs);
  }

  find(id: string): CommandRow | undefined {
    return this.#statements.find.get<CommandRow>(id);
  }

  head(id: string): CommandHead | undefined {
    return this.#statements.head.get<CommandHead>(id);
  }

  paramsOf(id: string): string {
    return this.#statements.params.get<{ params: string }>(id)?.params ?? "{}";
  }

  textOf(id: string): string {
    return this.#statements.text.get<{ text: string | null }>(id)?.text ?? "";
  }

  /** Not ended, oldest first; of one browser, or of all. */
  open(clientId?: string): CommandHead[] {
    return clientId === undefined
      ? this.#statements.openOfAll.all<CommandHead>()
      : this.#statements.open.all<CommandHead>(clientId);
  }

  openCount(clientId: string): number {
    return this.#statements.openCount.get<{ n: number }>(clientId)?.n ?? 0;
  }

  /**
   * Newest first, without texts and results, as `view` makes them: one after the other, since their params may be long.
   * @throws ProblemError bad_cursor
   */
  list<T>(o: ListOptions, view: (row: CommandRow) => T): { shown: T[]; nextCursor: string | null } {
    if (o.cursor !== undefined && !/^cmd_[0-9a-f]{32}$/.test(o.cursor)) throw new ProblemError("bad_cursor");
    const before = o.cursor ?? "~"; // sorts behind every id
    const [client, state] = [o.clientId ?? null, o.state ?? null];
    const shown: T[] = [];
    let [lastId, hasMore] = [null as string | null, false];
    for (const row of this.#statements.list.iterate<CommandRow>(before, client, client, state, state, o.limit + 1)) {
      hasMore = shown.length === o.limit;
      if (hasMore) continue; // to its end, so that the statement is free again
      shown.push(view(row));
      lastId = row.id;
    }
    return { shown, nextCursor: hasMore ? lastId : null };
  }

  /** It is handed to a connection (again). */
  setSent(id: string, state: FirefoxCommandState): void {
    this.#statements.sent.run(state, this.#nowMs(), id);
  }

  setState(id: string, state: FirefoxCommandState): void {
    this.#statements.state.run(state, id);
  }

  setCancelAsked(id: string): void {
    this.#statements.cancelAsked.run(id);
  }

  /** SQLite takes no NUL and no half of a character, which a page that writes letter by letter shows now and then. */
  setText(id: string, text: string): void {
    this.#statements.setText.run(text.replaceAll(/[\0\p{Surrogate}]/gu, "\uFFFD"), id);
  }

  end(id: string, { state, error, result, resultChars }: CommandEnd): void {
    const errorText = error === undefined ? null : JSON.stringify(error);
    this.#statements.end.run(state, this.#nowMs(), errorText, result ?? null, resultChars ?? null, id);
  }

  /** Drops ended commands beyond what is kept. Returns their ids. */
  dropEnded(keep: Keep): string[] {
    return this.#statements.drop.all<{ id: string }>(keep.sinceMs, keep.rows, keep.chars).map(({ id }) => id);
  }
}

const SQL = {
  insert: `INSERT INTO firefox_commands (id, client_id, method, params, effect, state, asked_by, created_ms, deadline_ms)
    VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?)`,
  find: "SELECT * FROM firefox_commands WHERE id = ?",
  head: `SELECT ${HEAD} FROM firefox_commands WHERE id = ?`,
  params: "SELECT params FROM firefox_commands WHERE id = ?",
  text: "SELECT text FROM firefox_commands WHERE id = ?",
  open: `SELECT ${HEAD} FROM firefox_commands WHERE client_id = ? AND ${OPEN} ORDER BY id`,
  openOfAll: `SELECT ${HEAD} FROM firefox_commands WHERE ${OPEN} ORDER BY id`,
  openCount: `SELECT count(*) AS n FROM firefox_commands WHERE client_id = ? AND ${OPEN}`,
  list: `SELECT ${HEAD}, params, error, NULL AS text, NULL AS result FROM firefox_commands
    WHERE id < ? AND (? IS NULL OR client_id = ?) AND (? IS NULL OR state = ?) ORDER BY id DESC LIMIT ?`,
  sent: `UPDATE firefox_commands
    SET state = ?, sent_ms = coalesce(sent_ms, ?), deliveries = deliveries + 1 WHERE id = ?`,
  state: "UPDATE firefox_commands SET state = ? WHERE id = ?",
  cancelAsked: "UPDATE firefox_commands SET cancel_asked = 1 WHERE id = ?",
  setText: "UPDATE firefox_commands SET text = ? WHERE id = ?",
  end: `UPDATE firefox_commands SET state = ?, ended_ms = ?, error = ?, result = ?, result_chars = ? WHERE id = ?`,
  drop: `DELETE FROM firefox_commands WHERE id IN (
    SELECT id FROM (
      SELECT id, created_ms, row_number() OVER newest AS place, sum(coalesce(result_chars, 0)) OVER newest AS chars
      FROM firefox_commands WHERE NOT ${OPEN}
      WINDOW newest AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)
    ) WHERE created_ms < ? OR place > ? OR chars > ?) RETURNING id`,
} as const;

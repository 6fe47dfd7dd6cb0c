import type { BrowserInfo, SiteLogin } from "@baa/contracts/firefox";
import { ProblemError } from "@baa/http";
import type { Statement } from "@baa/storage";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";

/** A paired browser as it is stored; its key is not shown. */
export interface StoredClient {
  readonly id: string;
  readonly name: string | undefined;
  readonly origin: string;
  readonly pairedMs: number;
  /** When it connected or was lost last. */
  readonly seenMs: number;
  /** What it said of itself last. */
  readonly info: BrowserInfo;
  readonly methods: readonly string[];
  readonly logins: readonly SiteLogin[];
}

interface Row {
  readonly id: string;
  readonly name: string | null;
  readonly origin: string;
  readonly paired_ms: number;
  readonly seen_ms: number;
  readonly info: string;
  readonly methods: string;
  readonly logins: string;
}

export interface NewClient {
  readonly id: string;
  readonly name: string | undefined;
  readonly origin: string;
  readonly key: string;
  readonly info: BrowserInfo;
}

/** `replaced`: its extension was paired anew under another id, or its id now belongs to another extension. */
export type RemovalReason = "revoked" | "replaced";

/** The paired browsers. */
export class Clients {
  readonly #outbox: Outbox;
  readonly #nowMs: () => number;
  readonly #statements: Readonly<Record<keyof typeof SQL, Statement>>;
  readonly #onRemove: ((id: string, reason: RemovalReason) => void)[] = [];
  readonly #onPairedAgain: ((id: string) => void)[] = [];

  constructor({ database }: Store, o: { outbox: Outbox; nowMs: () => number }) {
    this.#outbox = o.outbox;
    this.#nowMs = o.nowMs;
    this.#statements = Object.fromEntries(
      Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Record<keyof typeof SQL, Statement>;
  }

  /** Longest paired first. */
  list(): StoredClient[] {
    return this.#statements.all.all<Row>().map(clientOf);
  }

  find(id: string): StoredClient | undefined {
    const row = this.#statements.find.get<Row>(id);
    return row === undefined ? undefined : clientOf(row);
  }

  isEnrolled(origin: string): boolean {
    return this.#statements.enrolled.get(origin) !== undefined;
  }

  /** The key of this browser, for this Origin alone. */
  keyOf(id: string, origin: string): string | undefined {
    return this.#statements.key.get<{ key: string }>(id, origin)?.key;
  }

  /** Called inside the transaction that removes a browser: what `work` writes is there exactly when it is gone. */
  onRemove(work: (id: string, reason: RemovalReason) => void): void {
    this.#onRemove.push(work);
  }

  /** Called inside the transaction in which a browser that is paired is paired anew. */
  onPairedAgain(work: (id: string) => void): void {
    this.#onPairedAgain.push(work);
  }

  /**
   * Only inside `Store.write`. Enrols a browser. Paired again from the same extension it keeps what was stored of it;
   * another browser with its id, or its Origin, is removed.
   */
  enrol(o: NewClient): void {
    const nowMs = this.#nowMs();
    const isPaired = this.keyOf(o.id, o.origin) !== undefined;
    for (const { id } of this.#statements.inTheWay.all<{ id: string }>(o.id, o.origin, o.id, o.origin)) {
      this.#remove(id, "replaced");
    }
    this.#statements.upsert.run(o.id, o.name ?? null, o.origin, o.key, nowMs, nowMs, JSON.stringify(o.info));
    if (isPaired) for (const work of this.#onPairedAgain) work(o.id);
  }

  /**
   * Only inside `Store.write`. Ends the pairing.
   * @throws ProblemError firefox_client_not_found
   */
  revoke(id: string): void {
    if (this.#statements.find.get(id) === undefined) throw new ProblemError("firefox_client_not_found");
    this.#remove(id, "revoked");
  }

  /** Only inside `Store.write`. It has connected, or was lost, now. */
  touch(id: string): void {
    this.#statements.touch.run(this.#nowMs(), id);
  }

  /** Only inside `Store.write`. What is not given stays. */
  save(id: string, o: { info?: BrowserInfo; methods?: readonly string[]; logins?: readonly SiteLogin[] }): void {
    const text = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
    this.#statements.save.run(text(o.info), text(o.methods), text(o.logins), id);
  }

  #remove(id: string, reason: RemovalReason): void {
    this.#statements.remove.run(id);
    const at = new Date(this.#nowMs()).toISOString();
    this.#outbox.append({ at, type: "firefox.revoked", data: { clientId: id, reason } });
    for (const work of this.#onRemove) work(id, reason);
  }
}

const SHOWN = "id, name, origin, paired_ms, seen_ms, info, methods, logins";
const SQL = {
  all: `SELECT ${SHOWN} FROM firefox_clients ORDER BY paired_ms, id`,
  find: `SELECT ${SHOWN} FROM firefox_clients WHERE id = ?`,
  enrolled: "SELECT 1 FROM firefox_clients WHERE origin = ?",
  key: "SELECT key FROM firefox_clients WHERE id = ? AND origin = ?",
  inTheWay: "SELECT id FROM firefox_clients WHERE (id = ? OR origin = ?) AND NOT (id = ? AND origin = ?)",
  upsert: `INSERT INTO firefox_clients (id, name, origin, key, paired_ms, seen_ms, info) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET name = coalesce(excluded.name, name), key = excluded.key,
             paired_ms = excluded.paired_ms, seen_ms = excluded.seen_ms, info = excluded.info`,
  touch: "UPDATE firefox_clients SET seen_ms = ? WHERE id = ?",
  save: `UPDATE firefox_clients SET info = coalesce(?, info), methods = coalesce(?, methods),
           logins = coalesce(?, logins) WHERE id = ?`,
  remove: "DELETE FROM firefox_clients WHERE id = ?",
} as const;

const clientOf = (row: Row): StoredClient => ({
  id: row.id,
  name: row.name ?? undefined,
  origin: row.origin,
  pairedMs: row.paired_ms,
  seenMs: row.seen_ms,
  info: JSON.parse(row.info) as BrowserInfo,
  methods: JSON.parse(row.methods) as string[],
  logins: JSON.parse(row.logins) as SiteLogin[],
});

import type { CreateFirefoxPairing, FirefoxPairing } from "@baa/contracts";
import { FIREFOX_LIMITS } from "@baa/contracts/firefox";
import { ProblemError } from "@baa/http";
import type { Statement } from "@baa/storage";
import type { Store } from "../store/store.ts";
import { newPairingCode } from "./pairing-code.ts";

/** Doors open at once. */
const PAIRINGS_MAX = 8;
const OPEN_MS = { code: FIREFOX_LIMITS.pairingMs, policy: FIREFOX_LIMITS.policyPairingMs } as const;

/** A pairing as it is stored; `origin` is the only one that may still use it. */
export interface OpenPairing {
  readonly id: string;
  readonly kind: "code" | "policy";
  readonly name: string | null;
  readonly code: string;
  readonly created_ms: number;
  readonly expires_ms: number;
  readonly tries_left: number;
  readonly origin: string | null;
}

export interface PairingsOptions {
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly newCode?: (kind: "code" | "policy") => string;
}

/**
 * The doors that are open for a browser. One whose time is over counts for nothing from that moment on; its row goes
 * with the next change.
 */
export class Pairings {
  readonly #o: PairingsOptions;
  readonly #statements: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor({ database }: Store, o: PairingsOptions) {
    this.#o = o;
    this.#statements = Object.fromEntries(
      Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Record<keyof typeof SQL, Statement>;
  }

  /**
   * Only inside `Store.write`. Opens a door; the reply alone has its code.
   * @throws ProblemError pairings_full
   */
  create(o: CreateFirefoxPairing): FirefoxPairing {
    const nowMs = this.#o.nowMs();
    this.#statements.dropOver.run(nowMs);
    if (this.#open().length >= PAIRINGS_MAX) throw new ProblemError("pairings_full");
    const kind = o.kind;
    const row: OpenPairing = {
      id: this.#o.newId(),
      kind,
      name: o.name ?? null,
      code: (this.#o.newCode ?? newPairingCode)(kind),
      created_ms: nowMs,
      expires_ms: nowMs + OPEN_MS[kind],
      tries_left: FIREFOX_LIMITS.pairingTries,
      origin: null,
    };
    this.#statements.insert.run(
      row.id,
      row.kind,
      row.name,
      row.code,
      row.created_ms,
      row.expires_ms,
      row.tries_left,
      row.origin,
    );
    return { ...shown(row), code: row.code };
  }

  /** Oldest first, without their codes. */
  list(): FirefoxPairing[] {
    return this.#open().map(shown);
  }

  /**
   * Only inside `Store.write`.
   * @throws ProblemError firefox_pairing_not_found
   */
  close(id: string): void {
    if (this.find(id) === undefined) throw new ProblemError("firefox_pairing_not_found");
    this.#statements.remove.run(id);
  }

  /** Whether some pairing could still be used by this Origin. */
  isOpenFor(origin: string): boolean {
    return this.#statements.openFor.get(this.#o.nowMs(), origin) !== undefined;
  }

  /** Those that this Origin may still use. */
  openFor(origin: string): OpenPairing[] {
    return this.#statements.allOpenFor.all<OpenPairing>(this.#o.nowMs(), origin);
  }

  /** Whether one is open whose code a person types. */
  hasTypedCode(): boolean {
    return this.#open().some(({ kind }) => kind === "code");
  }

  /** One that is open. */
  find(id: string): OpenPairing | undefined {
    const row = this.#statements.find.get<OpenPairing>(id);
    return row !== undefined && row.expires_ms > this.#o.nowMs() ? row : undefined;
  }

  /**
   * Only inside `Store.write`. Takes one try from every code that a person types, and closes those that have none left.
   * A policy's code cannot be guessed, so nobody else's guesses shut its browser out.
   */
  countWrong(): void {
    this.#statements.countWrong.run();
    this.#statements.dropOver.run(this.#o.nowMs());
  }

  /**
   * Only inside `Store.write`. What a pairing becomes when it was used: a code is gone. A policy's stays for the Origin
   * that used it, because the key may not have reached the browser (`settle`), and for no other.
   */
  use({ id, kind }: OpenPairing, origin: string): void {
    if (kind === "code") this.#statements.remove.run(id);
    else this.#statements.bind.run(origin, id);
  }

  /** Whether `settle` would change something. */
  isUnsettled(origin: string): boolean {
    return this.#statements.bound.get(origin) !== undefined;
  }

  /** Only inside `Store.write`. The browser with this Origin has its key: its policy's code is gone, too. */
  settle(origin: string): void {
    this.#statements.dropBound.run(origin);
  }

  /** Only inside `Store.write`. A browser was revoked: a policy's code that it has not settled is gone with it. */
  closeLeft(): void {
    this.#statements.dropLeft.run();
  }

  #open(): OpenPairing[] {
    return this.#statements.open.all<OpenPairing>(this.#o.nowMs());
  }
}

const SQL = {
  insert: `INSERT INTO firefox_pairings (id, kind, name, code, created_ms, expires_ms, tries_left, origin)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  open: "SELECT * FROM firefox_pairings WHERE expires_ms > ? ORDER BY id",
  openFor: "SELECT 1 FROM firefox_pairings WHERE expires_ms > ? AND (origin IS NULL OR origin = ?) LIMIT 1",
  allOpenFor: "SELECT * FROM firefox_pairings WHERE expires_ms > ? AND (origin IS NULL OR origin = ?) ORDER BY id",
  find: "SELECT * FROM firefox_pairings WHERE id = ?",
  remove: "DELETE FROM firefox_pairings WHERE id = ?",
  dropOver: "DELETE FROM firefox_pairings WHERE expires_ms <= ? OR tries_left <= 0",
  countWrong: "UPDATE firefox_pairings SET tries_left = tries_left - 1 WHERE kind = 'code'",
  bind: "UPDATE firefox_pairings SET origin = ? WHERE id = ?",
  bound: "SELECT 1 FROM firefox_pairings WHERE origin = ? LIMIT 1",
  dropBound: "DELETE FROM firefox_pairings WHERE origin = ?",
  dropLeft: `DELETE FROM firefox_pairings
    WHERE origin IS NOT NULL AND origin NOT IN (SELECT origin FROM firefox_clients)`,
} as const;

const shown = (row: OpenPairing): FirefoxPairing => ({
  id: row.id,
  kind: row.kind,
  ...(row.name === null ? {} : { name: row.name }),
  createdAt: new Date(row.created_ms).toISOString(),
  expiresAt: new Date(row.expires_ms).toISOString(),
  triesLeft: row.tries_left,
});

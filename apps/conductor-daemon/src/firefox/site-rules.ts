import { ProblemError } from "@baa/http";
import { accessOf, type SiteAccess, SitePattern, type SiteRule } from "@baa/contracts/firefox";
import type { Statement } from "@baa/storage";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { type Tell, teller } from "./teller.ts";

/** A rule as it is stored. */
export interface StoredRule extends SiteRule {
  readonly atMs: number;
  /** A credential, or `user` for the popup. */
  readonly by: string;
}

interface Row {
  readonly site: string;
  readonly access: SiteAccess;
  readonly at_ms: number;
  readonly set_by: string;
}

/** Decisions of the operator for one browser, and questions that wait for one; the oldest question makes room. */
const RULES_MAX = 1_000;
const ASKED_MAX = 100;

/** Which sites each browser may be used on, as its operator says. Only `allowed` lets anything through. */
export class SiteRules {
  readonly #store: Store;
  readonly #tell: Tell;
  readonly #nowMs: () => number;
  readonly #statements: Readonly<Record<keyof typeof SQL, Statement>>;
  readonly #listeners: ((clientId: string) => void)[] = [];

  constructor(store: Store, o: { outbox: Outbox; nowMs: () => number }) {
    this.#store = store;
    this.#tell = teller(o);
    this.#nowMs = o.nowMs;
    this.#statements = Object.fromEntries(
      Object.entries(SQL).map(([name, sql]) => [name, store.database.prepare(sql)]),
    ) as Record<keyof typeof SQL, Statement>;
  }

  /** Called when a browser's rules have changed, after the commit. */
  onChange(listener: (clientId: string) => void): void {
    this.#listeners.push(listener);
  }

  /** By site. */
  list(clientId: string): StoredRule[] {
    return this.#statements.list
      .all<Row>(clientId)
      .map(({ site, access, at_ms, set_by }) => ({ site, access, atMs: at_ms, by: set_by }));
  }

  /** As the browser is told them. */
  shared(clientId: string): SiteRule[] {
    return this.#statements.list.all<Row>(clientId).map(({ site, access }) => ({ site, access }));
  }

  accessOf(clientId: string, site: string): SiteAccess | undefined {
    return accessOf(this.shared(clientId), site);
  }

  /**
   * Only inside `Store.write`. The operator decides; null forgets the rule.
   * @returns whether that changed something.
   * @throws ProblemError invalid for what is no site, or one rule too many.
   */
  decide(o: { clientId: string; site: string; access: "allowed" | "denied" | null; by: string }): boolean {
    const { clientId, site, access, by } = o;
    const parsed = SitePattern.safeParse(site);
    if (!parsed.success) throw invalidSite(parsed.error.issues[0]?.message ?? "is no site");
    const before = this.#statements.find.get<Row>(clientId, site)?.access;
    if (before === (access ?? undefined)) return false;
    if (access === null) this.#statements.remove.run(clientId, site);
    else this.#set({ clientId, site, access, by });
    this.#tell("firefox.site.changed", { clientId, site, access: access ?? "forgotten", by });
    this.#changed(clientId);
    return true;
  }

  /** Only inside `Store.write`. Somebody wanted to use a site about which nothing was said: the operator is asked. */
  ask(clientId: string, site: string): void {
    if (!SitePattern.safeParse(site).success || this.accessOf(clientId, site) !== undefined) return;
    this.#statements.set.run(clientId, site, "asked", this.#nowMs(), "conductor");
    this.#statements.dropAsked.run(clientId, ASKED_MAX);
    this.#tell("firefox.site.asked", { clientId, site });
    this.#changed(clientId);
  }

  /** Only inside `Store.write`. */
  removeAll(clientId: string): void {
    this.#statements.removeAll.run(clientId);
  }

  #set({ clientId, site, access, by }: { clientId: string; site: string; access: SiteAccess; by: string }): void {
    const { n } = this.#statements.count.get<{ n: number }>(clientId, site) ?? { n: 0 };
    if (n >= RULES_MAX) throw invalidSite(`${RULES_MAX} rules are the most for one browser; forget one first`);
    this.#statements.set.run(clientId, site, access, this.#nowMs(), by);
  }

  #changed(clientId: string): void {
    this.#store.afterCommit(() => {
      for (const listener of this.#listeners) listener(clientId);
    });
  }
}

const invalidSite = (message: string): ProblemError =>
  new ProblemError("invalid", undefined, { extra: { errors: [{ path: "body.site", message }] } });

const SQL = {
  list: "SELECT site, access, at_ms, set_by FROM firefox_sites WHERE client_id = ? ORDER BY site",
  find: "SELECT site, access, at_ms, set_by FROM firefox_sites WHERE client_id = ? AND site = ?",
  count: "SELECT count(*) AS n FROM firefox_sites WHERE client_id = ? AND site <> ? AND access <> 'asked'",
  set: "INSERT OR REPLACE INTO firefox_sites (client_id, site, access, at_ms, set_by) VALUES (?, ?, ?, ?, ?)",
  remove: "DELETE FROM firefox_sites WHERE client_id = ? AND site = ?",
  removeAll: "DELETE FROM firefox_sites WHERE client_id = ?",
  dropAsked: `DELETE FROM firefox_sites WHERE (client_id, site) IN (
    SELECT client_id, site FROM firefox_sites WHERE client_id = ? AND access = 'asked'
    ORDER BY at_ms DESC, site LIMIT -1 OFFSET ?)`,
} as const;

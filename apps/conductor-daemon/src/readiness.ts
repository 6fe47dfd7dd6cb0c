import { damageReason, type NotReadyReason, ProblemError, STARTING, STOPPING, type StoredDamage } from "@baa/http";
import type { Core } from "./core.ts";

/** Rows that begin something new: refused while draining. */
const BEGINNINGS = new Set<string>([
  "codexCreateSession",
  "codexForkSession",
  "codexStartTurn",
  "codexTurn",
  "codexCompactSession",
  "createFirefoxCommand",
]);
/** Rows that every conductor answers, whatever state it is in. */
const ALWAYS = new Set<string>(["healthz", "readyz", "rolez", "runtime", "openapi", "metrics"]);

/** Whether this conductor leads, and what stands in the way of serving. */
export class Readiness {
  core: Core | undefined;
  damage: StoredDamage | undefined;
  /** Whether it holds the lead, damaged or not. */
  leads = false;
  isStopping = false;

  get role(): "leader" | "standby" {
    return this.leads ? "leader" : "standby";
  }

  /** Empty = ready. */
  reasons(): NotReadyReason[] {
    if (this.isStopping) return [STOPPING];
    if (!this.leads) return [{ code: "standby", message: "Another conductor leads; this one waits." }];
    if (this.damage) return [damageReason(this.damage)];
    if (!this.core) return [STARTING];
    if (this.core.store.isFull)
      return [{ code: "storage_full", message: "The disk is full; writes go on by themselves." }];
    return [];
  }

  /** The core, for what cannot be answered without it. @throws ProblemError not_leader, degraded */
  leading(): Core {
    if (!this.leads) throw new ProblemError("not_leader", undefined, { retryAfterS: 5 });
    if (!this.core) throw new ProblemError("degraded", this.reasons()[0]?.message);
    return this.core;
  }

  /**
   * Whether a row is served now. codexd's reads are served even while our own store is damaged.
   * @throws ProblemError not_leader, degraded, draining
   */
  admit(row: string, isRead: boolean): void {
    if (ALWAYS.has(row)) return;
    if (this.leads && this.damage && isRead && row.startsWith("codex")) return;
    const core = this.leading();
    if (BEGINNINGS.has(row) && core.control.mode() === "draining") {
      throw new ProblemError("draining", undefined, { retryAfterS: 30 });
    }
  }
}

import { damageReason, type NotReadyReason, STARTING, STOPPING, type StoredDamage } from "@baa/http";
import type { Core } from "./core.ts";

/** Why writes would be refused now: storage, child, login. Empty = ready. */
export class Readiness {
  core: Core | undefined;
  damage: StoredDamage | undefined;
  isStopping = false;

  reasons(): NotReadyReason[] {
    if (this.isStopping) return [STOPPING];
    if (this.damage) return [damageReason(this.damage)];
    if (!this.core) return [STARTING];
    return [...storageReasons(this.core), ...childReasons(this.core), ...accountReasons(this.core)];
  }
}

const storageReasons = (core: Core): NotReadyReason[] => {
  const { state } = core.journal.log;
  if (state === "ok") return [];
  const message =
    state === "full" ? "The disk is full; writes go on by themselves when there is space." : "The event log is closed.";
  return [{ code: state === "full" ? "storage_full" : "storage_closed", message }];
};

const childReasons = (core: Core): NotReadyReason[] => {
  const { kind, reason } = core.child.state;
  if (kind === "ready") return [];
  return [{ code: "child_not_ready", message: reason ? `The child is ${kind}: ${reason}` : `The child is ${kind}.` }];
};

const accountReasons = (core: Core): NotReadyReason[] =>
  core.account.requiresLogin
    ? [
        {
          code: "login_required",
          message: "Codex has no login; POST /v1/codexd/account/login, or run `codex login` as the service's user.",
        },
      ]
    : [];

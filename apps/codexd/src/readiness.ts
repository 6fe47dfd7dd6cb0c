import type { Core } from "./core.ts";

export interface NotReadyReason {
  readonly code: string;
  readonly message: string;
}

/** Stored data that could not be read: the daemon stays up, says so, and refuses writes by name. */
export interface Damage {
  readonly file: string;
  readonly fault: string;
  readonly help: string;
}

/** Why writes would be refused now: storage, child, login. Empty = ready. */
export class Readiness {
  core: Core | undefined;
  damage: Damage | undefined;
  isStopping = false;

  reasons(): NotReadyReason[] {
    if (this.isStopping) return [{ code: "stopping", message: "The service is stopping." }];
    if (this.damage) {
      const { file, fault, help } = this.damage;
      return [{ code: "storage_damaged", message: `${file}: ${fault}. ${help}` }];
    }
    if (!this.core) return [{ code: "starting", message: "The service is starting." }];
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

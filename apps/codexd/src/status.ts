import { GENERATED_FROM_CODEX } from "@baa/codex-app-server";
import type { ChildStatus, CodexdStatus } from "@baa/contracts";
import type { Config } from "./config.ts";
import type { Core } from "./core.ts";
import type { Readiness } from "./readiness.ts";
import type { Identity } from "./runtime/identity.ts";

/** The status document; without a credential only what anybody may know. */
export const statusDocument = (o: {
  config: Config;
  readiness: Readiness;
  identity: Identity;
  full: boolean;
}): CodexdStatus => {
  const reasons = o.readiness.reasons();
  const open: CodexdStatus = { mode: "app-server", status: reasons.length === 0 ? "ready" : "notReady" };
  if (!o.full) return open;
  const { id, version, pid, startedAt } = o.identity.value;
  const core = o.readiness.core;
  const daemon = { id, version, pid, startedAt, nodeId: o.config.nodeId, logId: core?.journal.log.logId ?? "" };
  const guarantees = o.config.external === undefined ? "full" : "reduced";
  const base: CodexdStatus = { ...open, guarantees, reasons, daemon };
  if (!core) return base;
  const { log, registries } = core.journal;
  return {
    ...base,
    child: childStatus(core),
    log: { oldestSeq: log.oldest(), headSeq: log.head(), bytes: log.bytes(), state: log.state },
    counts: {
      sessions: registries.sessions.size,
      turns: registries.turns.size,
      openTurns: registries.turns.openCount,
      queuedTurns: registries.turns.queuedCount,
      pendingApprovals: registries.approvals.unresolved().length,
    },
    rateLimits: core.account.rateLimits,
  };
};

/** The child as the status document and the reset route show it. */
export const childStatus = ({ child, versions }: Core): ChildStatus => {
  const { kind, generation, pid, version, reason } = child.state;
  const { lastExit } = child;
  return {
    state: kind,
    generation,
    restarts: child.supervisor.stats().restarts,
    ...(pid === undefined ? {} : { pid }),
    ...(version === undefined ? {} : { version }),
    protocolVersion: GENERATED_FROM_CODEX,
    ...(versions.highest === undefined ? {} : { newestVersion: versions.highest }),
    ...(reason === undefined ? {} : { reason }),
    ...(lastExit ? { lastExit: { code: lastExit.code, signal: lastExit.signal, reason: lastExit.reason } } : {}),
  };
};

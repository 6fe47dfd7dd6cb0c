import type { CodexdStatus } from "@baa/contracts";
import type { Config } from "./config.ts";
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
  const base: CodexdStatus = { ...open, guarantees: "full", reasons, daemon };
  if (!core) return base;
  const { kind, generation, pid: childPid, version: childVersion, reason } = core.child.state;
  const { lastExit } = core.child;
  const { log, registries } = core.journal;
  return {
    ...base,
    child: {
      state: kind,
      generation,
      restarts: core.child.supervisor.stats().restarts,
      ...(childPid === undefined ? {} : { pid: childPid }),
      ...(childVersion === undefined ? {} : { version: childVersion }),
      ...(reason === undefined ? {} : { reason }),
      ...(lastExit ? { lastExit: { code: lastExit.code, signal: lastExit.signal, reason: lastExit.reason } } : {}),
    },
    log: { oldestSeq: log.oldest(), headSeq: log.head(), bytes: log.bytes(), state: log.state },
    counts: {
      sessions: registries.sessions.size,
      turns: registries.turns.size,
      openTurns: registries.turns.openCount,
      pendingApprovals: registries.approvals.unresolved().length,
    },
    rateLimits: core.account.rateLimits,
  };
};

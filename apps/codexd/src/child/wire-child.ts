import path from "node:path";
import { createId, type Logger, systemClock } from "@baa/process";
import { ApprovalService } from "../approvals/approval-service.ts";
import type { Config } from "../config.ts";
import { UsageMeter } from "../events/usage-meter.ts";
import type { Journal } from "../journal/journal.ts";
import type { CodexdMetrics } from "../metrics.ts";
import type { Policy } from "../policy.ts";
import type { AccountWatch } from "../runtime/account-watch.ts";
import { RotatingFile } from "../runtime/rotating-file.ts";
import { CodexVersions } from "../runtime/codex-versions.ts";
import { CodexChild } from "./codex-child.ts";
import { FileChanges } from "./file-changes.ts";
import { Ingest } from "./ingest.ts";
import { createLink, recordFileOf } from "./link.ts";

/** After a thread was resumed, approvals that still wait are sent again at once (measured: within a millisecond). */
const RESENT_MS = 3000;

/** Of a line that is not JSON this much is kept. */
const UNPARSABLE_BYTES_KEPT = 4096;

export interface WireChildOptions {
  readonly config: Config;
  readonly policy: Policy;
  readonly journal: Journal;
  readonly logger: Logger;
  readonly metrics: CodexdMetrics;
  readonly account: AccountWatch;
  readonly redact: <T>(value: T) => T;
}

export interface WiredChild {
  readonly child: CodexChild;
  readonly approvals: ApprovalService;
  readonly versions: CodexVersions;
  /** Closes the files of what the child says beside the protocol. */
  readonly closeFiles: () => void;
}

/** The child with everything that listens to it: its notifications go to the log, its requests to the approvals. */
export const wireChild = (o: WireChildOptions): WiredChild => {
  const { config, journal, metrics, redact, account, logger } = o;
  const stderr = new RotatingFile(path.join(config.logsDir, "stderr.log"));
  const stdout = new RotatingFile(path.join(config.logsDir, "stdout.log"));
  const approvals = createApprovals(o, (...answer) => child.supervisor.respond(...answer));
  const ingest = createIngest(o, approvals, () => child);
  const versions = new CodexVersions({
    file: path.join(config.stateDir, "codex-versions.json"),
    codexHome: config.codexHome,
    allowDowngrade: config.allowDowngrade,
    nowText: () => journal.nowText(),
    logger,
  });
  const isIdle = (): boolean => journal.registries.turns.activeCount === 0;
  const child: CodexChild = new CodexChild({
    journal,
    ingest,
    redact,
    logger,
    link: (handlers) => createLink({ config, logger, versions, isIdle }, handlers),
    isExternal: config.external !== undefined,
    recordFile: recordFileOf(config),
    onNotification: ({ method, params }) => {
      if (method.startsWith("account/") && account.onNotification({ method, params })) void account.refresh(child);
    },
    onRequest: (request) => approvals.onChildRequest(request),
    onStderr: (line) => stderr.writeLine(redact(line)),
    onUnparsable: (line) => {
      metrics.unparsable.inc();
      // Cut after it was masked: a secret across the cut would no longer be recognised.
      stdout.writeLine(redact(line.subarray(0, 2 * UNPARSABLE_BYTES_KEPT).toString()).slice(0, UNPARSABLE_BYTES_KEPT));
    },
  });
  follow(child, { approvals, versions, account });
  const closeFiles = (): void => {
    stderr.close();
    stdout.close();
  };
  return { child, approvals, versions, closeFiles };
};

const createApprovals = (
  { config, policy, journal, redact, logger }: WireChildOptions,
  respond: CodexChild["supervisor"]["respond"],
): ApprovalService => {
  const changes = new FileChanges(journal);
  return new ApprovalService({
    journal,
    redact,
    logger,
    ttlMs: config.approvalTtlMs,
    execpolicyAmendments: policy.execpolicyAmendments,
    newId: () => createId("apr_"),
    nowMs: Date.now,
    respond,
    changesOf: (itemId) => changes.of(itemId),
    isExternal: config.external !== undefined,
  });
};

const createIngest = (
  { journal, redact, metrics, account }: WireChildOptions,
  approvals: ApprovalService,
  child: () => CodexChild,
): Ingest =>
  new Ingest({
    journal,
    redact,
    context: {
      registries: journal.registries,
      usage: new UsageMeter(),
      newTurnId: () => createId("turn_"),
      nowMs: () => systemClock.monoMs(),
    },
    onCoalesced: ({ method, params }) => {
      metrics.coalesced.inc({ method });
      if (method === "account/rateLimits/updated") account.rateLimits = params;
      if (method === "thread/closed") forgetThread(child(), params);
    },
    onRequestResolved: (requestId) => approvals.withdrawn(requestId, child().generation),
  });

/** What has to happen whenever a child, or a connection, comes or goes. */
const follow = (
  child: CodexChild,
  { approvals, versions, account }: Pick<WiredChild, "approvals" | "versions"> & { account: AccountWatch },
): void => {
  child.onExit(() => {
    approvals.orphanAll();
    account.childGone();
  });
  child.onReady((generation) => {
    const { version } = child.state;
    if (!child.isExternal && version !== undefined) versions.saw(version);
    if (child.isExternal) setTimeout(() => giveUp(generation), RESENT_MS).unref();
    void account.refresh(child);
  });
  const giveUp = (generation: number): void => {
    if (child.isReady && child.generation === generation) approvals.orphanBefore(generation);
  };
};

/** Codex unloaded a thread by itself: its next turn must load it again. */
const forgetThread = (child: CodexChild, params: unknown): void => {
  const { threadId } = (params ?? {}) as { threadId?: unknown };
  if (typeof threadId === "string") child.markLoaded(threadId, false);
};

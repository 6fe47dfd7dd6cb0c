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
import { CodexChild } from "./codex-child.ts";
import { FileChanges } from "./file-changes.ts";
import { Ingest } from "./ingest.ts";

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
  /** Closes the files of what the child says beside the protocol. */
  readonly closeFiles: () => void;
}

/** The child with everything that listens to it: its notifications go to the log, its requests to the approvals. */
export const wireChild = (o: WireChildOptions): WiredChild => {
  const { config, journal, metrics, redact, account } = o;
  const stderr = new RotatingFile(path.join(config.logsDir, "stderr.log"));
  const stdout = new RotatingFile(path.join(config.logsDir, "stdout.log"));
  const changes = new FileChanges(journal);
  const approvals = new ApprovalService({
    journal,
    redact,
    logger: o.logger,
    ttlMs: config.approvalTtlMs,
    execpolicyAmendments: o.policy.execpolicyAmendments,
    newId: () => createId("apr_"),
    nowMs: Date.now,
    respond: (id, generation, result) => child.supervisor.respond(id, generation, result),
    changesOf: (itemId) => changes.of(itemId),
  });
  const ingest = new Ingest({
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
    },
    onRequestResolved: (requestId) => approvals.withdrawn(requestId, child.generation),
  });
  const child: CodexChild = new CodexChild({
    journal,
    ingest,
    redact,
    logger: o.logger,
    supervisor: supervisorOptions(config, () => journal.registries.turns.openCount === 0),
    onRequest: (request) => approvals.onChildRequest(request),
    onStderr: (line) => stderr.writeLine(redact(line)),
    onUnparsable: (line) => {
      metrics.unparsable.inc();
      // Cut after it was masked: a secret across the cut would no longer be recognised.
      stdout.writeLine(redact(line.subarray(0, 2 * UNPARSABLE_BYTES_KEPT).toString()).slice(0, UNPARSABLE_BYTES_KEPT));
    },
  });
  child.onExit(() => approvals.orphanAll());
  child.onReady(() => void account.refresh(child));
  const closeFiles = (): void => {
    stderr.close();
    stdout.close();
  };
  return { child, approvals, closeFiles };
};

const supervisorOptions = (config: Config, isIdle: () => boolean) => ({
  command: config.command,
  args: config.args,
  cwd: config.childCwd,
  env: config.childEnv,
  clientInfo: { name: "codexd", title: "baa-conductor codexd", version: config.version },
  recordFile: path.join(config.stateDir, "daemon-state.json"),
  marker: { name: "CODEXD_INSTANCE", value: createId("ins_") },
  memoryLimitBytes: config.childMemoryMaxBytes,
  timings: { probeIntervalMs: config.probeIntervalMs },
  isIdle,
});

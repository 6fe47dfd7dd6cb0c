import { createMetrics, type Metrics } from "@baa/http";
import { Counter, Gauge } from "prom-client";
import type { Readiness } from "./readiness.ts";

export interface CodexdMetrics extends Metrics {
  /** Notifications of the child that are counted and not appended, by method. */
  readonly coalesced: Counter<"method">;
  readonly unparsable: Counter;
  readonly refused: Counter<"code">;
}

type AddGauge = (name: string, help: string, value: () => number | undefined) => void;

/** codexd's figures on top of the common ones; gauges are read when they are asked for. */
export const createCodexdMetrics = (readiness: Readiness): CodexdMetrics => {
  const metrics = createMetrics();
  const registers = [metrics.registry];
  const gauge: AddGauge = (name, help, value) => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value() ?? 0);
      },
    });
  };
  gauge("codexd_ready", "1 when a turn would be taken now.", () => (readiness.reasons().length === 0 ? 1 : 0));
  gauge("codexd_log_head_seq", "Number of the newest visible event.", () => readiness.core?.journal.log.head());
  gauge("codexd_log_oldest_seq", "Number of the oldest stored event.", () => readiness.core?.journal.log.oldest());
  gauge("codexd_log_bytes", "Bytes of the event log on disk.", () => readiness.core?.journal.log.bytes());
  gauge("codexd_sessions", "Sessions.", () => readiness.core?.journal.registries.sessions.size);
  gauge("codexd_turns_open", "Turns in progress.", () => readiness.core?.journal.registries.turns.activeCount);
  gauge(
    "codexd_turns_queued",
    "Turns that wait in the queue of their session.",
    () => readiness.core?.journal.registries.turns.queuedCount,
  );
  gauge(
    "codexd_approvals_pending",
    "Approvals that wait for an answer.",
    () => readiness.core?.journal.registries.approvals.unresolved().length,
  );
  childGauges(readiness, gauge, registers);
  return {
    ...metrics,
    coalesced: new Counter({
      name: "codexd_notifications_coalesced_total",
      help: "Notifications that repeat what events say.",
      labelNames: ["method"],
      registers,
    }),
    unparsable: new Counter({
      name: "codexd_child_unparsable_lines_total",
      help: "Lines of the child that are not JSON-RPC.",
      registers,
    }),
    refused: new Counter({
      name: "codexd_requests_refused_total",
      help: "Requests refused by the guard.",
      labelNames: ["code"],
      registers,
    }),
  };
};

/** What Codex costs: memory, threads, disk. */
const childGauges = (readiness: Readiness, gauge: AddGauge, registers: Metrics["registry"][]): void => {
  gauge(
    "codexd_child_restarts_total",
    "Restarts of the child since the daemon began.",
    () => readiness.core?.child.supervisor.stats().restarts,
  );
  gauge(
    "codexd_child_memory_bytes",
    "Resident memory of the child at its last probe.",
    () => readiness.core?.child.supervisor.stats().residentMemoryBytes,
  );
  gauge(
    "codexd_threads_loaded",
    "Threads that Codex has loaded for us.",
    () => readiness.core?.child.loadedThreads.length,
  );
  new Gauge({
    name: "codexd_codex_home_bytes",
    help: "Bytes of CODEX_HOME on disk, measured every 5 minutes at most; missing until then.",
    labelNames: ["part"],
    registers,
    collect() {
      const usage = readiness.core?.housekeeping.homeUsage;
      if (!usage) return;
      for (const [part, bytes] of Object.entries(usage)) this.set({ part }, bytes as number);
    },
  });
  gauge(
    "codexd_child_invalid_utf8_total",
    "Lines of the child with invalid UTF-8.",
    () => readiness.core?.child.supervisor.stats().invalidUtf8,
  );
};

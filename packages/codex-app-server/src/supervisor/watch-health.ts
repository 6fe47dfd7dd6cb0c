import type { RpcConnection } from "../rpc/rpc-connection.ts";
import { HealthProbe } from "./health-probe.ts";
import { readResidentMemory } from "./replies.ts";
import type { StatsBook } from "./stats-book.ts";
import type { SupervisorTimings } from "./types.ts";

export interface WatchOptions {
  connection: RpcConnection;
  timings: SupervisorTimings;
  stats: StatsBook;
  /** Told after every answer. */
  onMemory?: (bytes: number | undefined) => void;
  onHung: (detail: string) => void;
}

/** Probes a ready app-server by its diagnostics, and books its memory and what it missed. */
export function watchHealth({ connection, timings, stats, onMemory, onHung }: WatchOptions): HealthProbe {
  const { probeIntervalMs, probeTimeoutMs, probeMisses } = timings;
  return new HealthProbe({
    ask: () => connection.request("server/diagnostics", {}, { timeoutMs: probeTimeoutMs, probe: true }),
    intervalMs: probeIntervalMs,
    missesMax: probeMisses,
    onAnswer: (answer) => {
      const bytes = readResidentMemory(answer);
      stats.onMemory(bytes);
      onMemory?.(bytes);
    },
    onMiss: () => stats.onProbeMiss(),
    onHung: () => onHung(`${probeMisses} health probes in a row were not answered within ${probeTimeoutMs} ms`),
  });
}

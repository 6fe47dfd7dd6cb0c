import { createMetrics, type Metrics } from "@baa/http";
import { Counter, Gauge } from "prom-client";
import type { CodexdSource } from "./sources/codexd.ts";
import type { ConductorSource } from "./sources/conductor.ts";

export interface StatusMetrics extends Metrics {
  readonly refused: Counter<"code">;
}

/** status-api's figures on top of the common ones; gauges are read when they are asked for. */
export const createStatusMetrics = (o: {
  conductor: ConductorSource;
  codexd: CodexdSource;
  openStreams: () => number;
}): StatusMetrics => {
  const metrics = createMetrics();
  const registers = [metrics.registry];
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  const { conductor, codexd } = o;
  const ageS = (staleMs: number | undefined): number => (staleMs ?? 0) / 1000;
  gauge("status_conductor_up", "1 when conductor answers.", () => (conductor.link.state.kind === "up" ? 1 : 0));
  gauge("status_codexd_up", "1 when codexd answers.", () => (codexd.link.state.kind === "up" ? 1 : 0));
  gauge("status_conductor_stale_seconds", "Age of what conductor said last; 0 when it answers.", () =>
    ageS(conductor.runtime.freshness()?.staleMs),
  );
  gauge("status_codex_stale_seconds", "Age of codexd's figures; 0 when they can be had.", () =>
    ageS(conductor.codex.freshness()?.staleMs),
  );
  gauge("status_streams_open", "Event streams and pages that are passed on.", o.openStreams);
  return {
    ...metrics,
    refused: new Counter({
      name: "status_requests_refused_total",
      help: "Requests refused by the guard.",
      labelNames: ["code"],
      registers,
    }),
  };
};

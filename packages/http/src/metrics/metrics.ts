import { collectDefaultMetrics, Histogram, Registry } from "prom-client";
import type { ServedRequest } from "../server/app.ts";
import type { HandlerReply } from "../server/route-types.ts";

export interface Metrics {
  readonly registry: Registry;
  /** The reply of a metrics row: Prometheus text. */
  reply(): Promise<HandlerReply>;
  /** For `onServed` of createServer. */
  onServed(served: ServedRequest): void;
}

const DURATION_BUCKETS_S = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 60];

/**
 * A registry of its own (not prom-client's global one) with HTTP durations and, from the first time that somebody asks,
 * the process's default metrics: they hold half a mebibyte and wake the process a hundred times a second.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  let isAskedFor = false;
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the request's head to the end of its reply, by route.",
    labelNames: ["method", "route", "status"],
    buckets: DURATION_BUCKETS_S,
    registers: [registry],
  });
  return {
    registry,
    async reply() {
      if (!isAskedFor) collectDefaultMetrics({ register: registry });
      isAskedFor = true;
      return { body: await registry.metrics(), headers: { "content-type": registry.contentType } };
    },
    onServed(served) {
      durations.observe(
        { method: served.method, route: served.route, status: served.status },
        served.durationMs / 1000,
      );
    },
  };
}

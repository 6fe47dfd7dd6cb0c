import { expect, it } from "vitest";
import { createMetrics } from "../../src/index.ts";

it("gives the process's own metrics and the durations of requests as text", async () => {
  const metrics = createMetrics();
  metrics.onServed({ method: "GET", route: "healthz", status: 200, durationMs: 3 });
  const reply = await metrics.reply();
  expect(reply.headers).toEqual({ "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  expect(reply.body).toContain("process_cpu_seconds_total");
  expect(reply.body).toContain(
    'http_request_duration_seconds_bucket{le="0.005",method="GET",route="healthz",status="200"} 1',
  );
});

it("two registries do not know each other", async () => {
  const [a, b] = [createMetrics(), createMetrics()];
  a.onServed({ method: "GET", route: "only_a", status: 200, durationMs: 3 });
  expect((await b.reply()).body).not.toContain("only_a");
});

import type { HandlerDependencies, CodexdHandlers } from "../handlers.ts";

export const healthHandlers = (o: HandlerDependencies) =>
  ({
    healthz: () => ({ body: { status: "ok" } }),
    readyz: () => {
      const reasons = o.readiness.reasons();
      return reasons.length === 0
        ? { body: { status: "ready", reasons } }
        : { status: 503, body: { status: "notReady", reasons }, headers: { "retry-after": "5" } };
    },
    status: (c) => ({ body: o.status(c.credential?.scopes.has("read") ?? false) }),
    metrics: () => o.metrics(),
    openapi: () => ({ body: o.openapi() }),
  }) satisfies Partial<CodexdHandlers>;

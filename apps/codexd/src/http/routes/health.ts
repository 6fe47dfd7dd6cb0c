import { readyzReply } from "@baa/http";
import type { HandlerDependencies, CodexdHandlers } from "../handlers.ts";

export const healthHandlers = (o: HandlerDependencies) =>
  ({
    healthz: () => ({ body: { status: "ok" } }),
    readyz: () => readyzReply(o.readiness.reasons(), { "retry-after": "5" }),
    status: (c) => ({ body: o.status(c.credential?.scopes.has("read") ?? false) }),
    metrics: () => o.metrics(),
    openapi: () => ({ body: o.openapi() }),
  }) satisfies Partial<CodexdHandlers>;

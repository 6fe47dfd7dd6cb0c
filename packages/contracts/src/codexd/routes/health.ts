import { defineRoutes } from "../../route.ts";
import * as status from "../status.ts";

/** Health, status, metrics and the description of the interface. */
export const HEALTH_ROUTES = defineRoutes({
  healthz: {
    method: "GET",
    path: "/healthz",
    summary: "The event loop turns",
    scope: "none",
    reply: { status: 200, schema: status.Healthz },
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    summary: "Storage is writable and the child is initialised; 503 with reasons when not",
    scope: "none",
    reply: { status: 200, schema: status.Readyz },
  },
  openapi: { method: "GET", path: "/openapi.json", summary: "This document", scope: "read", reply: { status: 200 } },
  metrics: {
    method: "GET",
    path: "/v1/codexd/metrics",
    summary: "Prometheus text",
    scope: "read",
    reply: { status: 200, kind: "text" },
  },
  status: {
    method: "GET",
    path: "/v1/codexd/status",
    summary: "Daemon, child, log and counts; without a credential only mode and status",
    scope: "none",
    reply: { status: 200, schema: status.CodexdStatus },
  },
});

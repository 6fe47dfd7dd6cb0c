import { EventsPage, EventsQuery } from "../codexd/events.ts";
import { Readyz } from "../codexd/status.ts";
import { defineRoutes } from "../route.ts";
import * as control from "./control.ts";
import { FIREFOX_ROUTES } from "./firefox-routes.ts";
import { CODEX_ROUTES } from "./mirror.ts";
import * as hooks from "./hooks.ts";
import * as logs from "./logs.ts";
import * as runtime from "./runtime.ts";

/** The routes that conductor answers itself. */
export const CONDUCTOR_OWN_ROUTES = defineRoutes({
  healthz: {
    method: "GET",
    path: "/healthz",
    summary: "`ok` while the event loop turns",
    scope: "none",
    reply: { status: 200, kind: "text" },
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    summary: "It leads and its store is writable; 503 with reasons when not",
    scope: "none",
    reply: { status: 200, schema: Readyz },
  },
  rolez: {
    method: "GET",
    path: "/rolez",
    summary: "`leader` or `standby`",
    scope: "none",
    reply: { status: 200, kind: "text" },
  },
  openapi: { method: "GET", path: "/openapi.json", summary: "This document", scope: "read", reply: { status: 200 } },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "Prometheus text",
    scope: "read",
    reply: { status: 200, kind: "text" },
  },
  runtime: {
    method: "GET",
    path: "/v1/runtime",
    summary:
      "This conductor, its addresses and its link to codexd; without a credential only name, ready, role and mode",
    scope: "none",
    reply: { status: 200, schema: runtime.Runtime },
  },
  capabilities: {
    method: "GET",
    path: "/v1/capabilities",
    summary: "What can be asked of this conductor now",
    scope: "read",
    reply: { status: 200, schema: runtime.Capabilities },
  },
  readControl: {
    method: "GET",
    path: "/v1/control",
    summary: "The mode and the reasons for it",
    scope: "read",
    reply: { status: 200, schema: control.ControlReply },
  },
  pause: {
    method: "POST",
    path: "/v1/control/pause",
    summary: "A reason to lease no more steps; interactive turns go on",
    scope: "admin",
    body: control.SetReason,
    idempotent: true,
    reply: { status: 200, schema: control.ControlReply },
  },
  drain: {
    method: "POST",
    path: "/v1/control/drain",
    summary:
      "A reason to begin nothing more; what is in progress goes on, and can be steered, interrupted and approved",
    scope: "admin",
    body: control.SetReason,
    idempotent: true,
    reply: { status: 200, schema: control.ControlReply },
  },
  resume: {
    method: "POST",
    path: "/v1/control/resume",
    summary: "Take back one reason, or all; others still hold",
    scope: "admin",
    body: control.Resume,
    idempotent: true,
    reply: { status: 200, schema: control.ControlReply },
  },
  events: {
    method: "GET",
    path: "/v1/events",
    summary: "conductor's feed as JSON page, SSE (Accept: text/event-stream) or WebSocket",
    scope: "read",
    query: EventsQuery,
    reply: { status: 200, kind: "stream", schema: EventsPage },
  },
  logs: {
    method: "GET",
    path: "/v1/logs",
    summary: "One index over codexd's log and conductor's own; `partial` names what could not be read",
    scope: "read",
    query: logs.LogsQuery,
    reply: { status: 200, schema: logs.LogsPage },
  },
  hooks: {
    method: "GET",
    path: "/v1/hooks",
    summary: "The targets of webhooks, without their secrets, and how it goes with them",
    scope: "read",
    reply: { status: 200, schema: hooks.HookList },
  },
  hookDeliveries: {
    method: "GET",
    path: "/v1/hooks/{hookId}/deliveries",
    summary: "What was and is to be sent to a target, newest first",
    scope: "read",
    params: hooks.HookParams,
    query: hooks.DeliveryListQuery,
    reply: { status: 200, schema: hooks.DeliveryList },
  },
  testHook: {
    method: "POST",
    path: "/v1/hooks/{hookId}/test",
    summary: "Send a target a message that means nothing",
    scope: "admin",
    params: hooks.HookParams,
    idempotent: true,
    reply: { status: 202, schema: hooks.DeliveryReply },
  },
  redeliver: {
    method: "POST",
    path: "/v1/hooks/{hookId}/deliveries/{deliveryId}/redeliver",
    summary: "Send a message again, now",
    scope: "admin",
    params: hooks.DeliveryParams,
    idempotent: true,
    reply: { status: 202, schema: hooks.DeliveryReply },
  },
  ...FIREFOX_ROUTES,
});

/** Every route that conductor serves: its own, and codexd's under `/v1/codex`. */
export const CONDUCTOR_ROUTES = defineRoutes({ ...CONDUCTOR_OWN_ROUTES, ...CODEX_ROUTES });
export type ConductorRouteName = keyof typeof CONDUCTOR_ROUTES;

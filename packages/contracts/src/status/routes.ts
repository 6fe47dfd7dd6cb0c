import { ApprovalListQuery } from "../codexd/approvals.ts";
import { EventsPage } from "../codexd/events.ts";
import { SessionListQuery, SessionParams } from "../codexd/sessions.ts";
import { Healthz, Readyz } from "../codexd/status.ts";
import { TurnListQuery, TurnParams } from "../codexd/turns.ts";
import { defineRoutes } from "../route.ts";
import { Status } from "./status.ts";
import * as views from "./views.ts";

/** Every route that status-api answers itself. All are GET (and HEAD): it changes nothing. */
export const STATUS_OWN_ROUTES = defineRoutes({
  healthz: {
    method: "GET",
    path: "/healthz",
    summary: "The event loop turns",
    scope: "none",
    reply: { status: 200, schema: Healthz },
  },
  readyz: {
    method: "GET",
    path: "/readyz",
    summary: "conductor answers and takes its token; 503 with reasons when not",
    scope: "none",
    reply: { status: 200, schema: Readyz },
  },
  openapi: { method: "GET", path: "/openapi.json", summary: "This document", scope: "read", reply: { status: 200 } },
  metrics: {
    method: "GET",
    path: "/metrics",
    summary: "Prometheus text",
    scope: "read",
    reply: { status: 200, kind: "text" },
  },
  status: {
    method: "GET",
    path: "/v1/status",
    summary: "Services, control, child and counts, and how old each answer is; always 200",
    scope: "read",
    reply: { status: 200, schema: Status, isPretty: true },
  },
  listSessions: {
    method: "GET",
    path: "/v1/sessions",
    summary: "Sessions, newest first",
    scope: "read",
    query: SessionListQuery,
    reply: { status: 200, schema: views.StatusSessionList },
  },
  readSession: {
    method: "GET",
    path: "/v1/sessions/{sessionId}",
    summary: "One session",
    scope: "read",
    params: SessionParams,
    reply: { status: 200, schema: views.StatusSessionReply },
  },
  listTurns: {
    method: "GET",
    path: "/v1/sessions/{sessionId}/turns",
    summary: "Turns of a session, newest first",
    scope: "read",
    params: SessionParams,
    query: TurnListQuery,
    reply: { status: 200, schema: views.StatusTurnList },
  },
  readTurn: {
    method: "GET",
    path: "/v1/sessions/{sessionId}/turns/{turnId}",
    summary: "One turn with its text and items",
    scope: "read",
    params: TurnParams,
    reply: { status: 200, schema: views.StatusTurnReply },
  },
  listApprovals: {
    method: "GET",
    path: "/v1/approvals",
    summary: "Approvals and questions, newest first",
    scope: "read",
    query: ApprovalListQuery,
    reply: { status: 200, schema: views.StatusApprovalList },
  },
});

/** Read as bytes from conductor. */
export const STATUS_EVENT_ROUTES = defineRoutes({
  events: {
    method: "GET",
    path: "/v1/events",
    summary: "codexd's event log (`source=codex`, the default) or conductor's feed, as SSE or JSON page; no WebSocket",
    scope: "read",
    query: views.StatusEventsQuery,
    reply: { status: 200, kind: "stream", schema: EventsPage },
  },
});

/** Every route that status-api serves, beside the page's files. */
export const STATUS_ROUTES = defineRoutes({ ...STATUS_OWN_ROUTES, ...STATUS_EVENT_ROUTES });
export type StatusRouteName = keyof typeof STATUS_ROUTES;

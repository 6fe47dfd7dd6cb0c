import { defineRoutes } from "../../route.ts";
import * as events from "../events.ts";

/** The event stream. */
export const EVENT_ROUTES = defineRoutes({
  events: {
    method: "GET",
    path: "/v1/codexd/events",
    summary: "The event log as JSON page, SSE (Accept: text/event-stream) or WebSocket",
    scope: "read",
    query: events.EventsQuery,
    reply: { status: 200, kind: "stream", schema: events.EventsPage },
  },
});

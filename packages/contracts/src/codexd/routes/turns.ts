import { defineRoutes } from "../../route.ts";
import * as sessions from "../sessions.ts";
import * as turns from "../turns.ts";

/** Turns of a session. */
export const TURN_ROUTES = defineRoutes({
  listTurns: {
    method: "GET",
    path: "/v1/codexd/sessions/{sessionId}/turns",
    summary: "Turns of a session, newest first",
    scope: "read",
    params: sessions.SessionParams,
    query: turns.TurnListQuery,
    reply: { status: 200, schema: turns.TurnList },
  },
  startTurn: {
    method: "POST",
    path: "/v1/codexd/sessions/{sessionId}/turns",
    summary: "Start a turn",
    scope: "drive",
    params: sessions.SessionParams,
    body: turns.StartTurn,
    bodyBytesMax: turns.TURN_INPUT_BYTES_MAX,
    idempotent: true,
    reply: { status: 202, schema: turns.TurnReply },
  },
  turn: {
    method: "POST",
    path: "/v1/codexd/turn",
    summary: "Start a turn (short form)",
    scope: "drive",
    body: turns.StartTurnInSession,
    bodyBytesMax: turns.TURN_INPUT_BYTES_MAX,
    idempotent: true,
    aliasOf: "startTurn",
    reply: { status: 202, schema: turns.TurnReply },
  },
  readTurn: {
    method: "GET",
    path: "/v1/codexd/sessions/{sessionId}/turns/{turnId}",
    summary: "One turn with its text and items; waitMs waits for its end",
    scope: "read",
    params: turns.TurnParams,
    query: turns.TurnReadQuery,
    reply: { status: 200, schema: turns.TurnDetailReply },
  },
  steerTurn: {
    method: "POST",
    path: "/v1/codexd/sessions/{sessionId}/turns/{turnId}/steer",
    summary: "Add input to a running turn",
    scope: "drive",
    params: turns.TurnParams,
    body: turns.SteerTurn,
    bodyBytesMax: turns.TURN_INPUT_BYTES_MAX,
    idempotent: true,
    reply: { status: 202, schema: turns.SteerReply },
  },
  interruptTurn: {
    method: "POST",
    path: "/v1/codexd/sessions/{sessionId}/turns/{turnId}/interrupt",
    summary: "Interrupt a turn",
    scope: "drive",
    params: turns.TurnParams,
    body: turns.EmptyBody,
    idempotent: true,
    reply: { status: 202, schema: turns.TurnReply },
  },
});

import { defineRoutes } from "../../route.ts";
import * as runs from "../runs.ts";
import * as turns from "../turns.ts";

/** One-shot work: a session and a turn to a terminal result. Not mirrored by conductor, which has runs of its own. */
export const RUN_ROUTES = defineRoutes({
  listRuns: {
    method: "GET",
    path: "/v1/codexd/runs",
    summary: "One-shot runs, newest first",
    scope: "read",
    query: runs.RunListQuery,
    reply: { status: 200, schema: runs.RunList },
  },
  createRun: {
    method: "POST",
    path: "/v1/codexd/runs",
    summary: "Run one prompt to its end in a session of its own",
    scope: "drive",
    body: runs.CreateRun,
    bodyBytesMax: turns.TURN_INPUT_BYTES_MAX,
    idempotent: true,
    reply: { status: 202, schema: runs.RunReply },
  },
  readRun: {
    method: "GET",
    path: "/v1/codexd/runs/{codexRunId}",
    summary: "One run with its text and output; waitMs waits for its end",
    scope: "read",
    params: runs.RunParams,
    query: turns.TurnReadQuery,
    reply: { status: 200, schema: runs.RunDetailReply },
  },
  cancelRun: {
    method: "POST",
    path: "/v1/codexd/runs/{codexRunId}/cancel",
    summary: "Interrupt a run",
    scope: "drive",
    params: runs.RunParams,
    body: turns.EmptyBody,
    idempotent: true,
    reply: { status: 202, schema: runs.RunReply },
  },
});

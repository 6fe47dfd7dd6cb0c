import type { Run } from "@baa/contracts";
import type { TurnRecord } from "../registry/records.ts";

type RunFields = Pick<
  TurnRecord,
  "id" | "sessionId" | "codexRunId" | "state" | "createdAt" | "startedAt" | "endedAt" | "reason" | "error" | "usage"
>;

/** A run as clients see it: its turn under the run's id, with the purpose of its session. */
export const runView = (turn: RunFields, purpose: string): Run => ({
  id: turn.codexRunId as string,
  sessionId: turn.sessionId,
  turnId: turn.id,
  state: turn.state,
  purpose,
  createdAt: turn.createdAt,
  ...(turn.startedAt === undefined ? {} : { startedAt: turn.startedAt }),
  ...(turn.endedAt === undefined ? {} : { endedAt: turn.endedAt }),
  ...(turn.reason === undefined ? {} : { reason: turn.reason }),
  ...(turn.error === undefined ? {} : { error: turn.error }),
  ...(turn.usage === undefined ? {} : { usage: turn.usage }),
});

import type { Turn, TurnInput } from "@baa/contracts";
import type { EventLog } from "@baa/storage";
import type { NewEvent } from "../journal/journal.ts";

/** A turn as it is accepted; what is not in `Turn` stands in the log only. */
export interface NewTurn {
  readonly id: string;
  readonly sessionId: string;
  /** When it was accepted, as text. */
  readonly at: string;
  readonly input: TurnInput;
  /** It waits for the turns before it. */
  readonly queued?: boolean;
  readonly codexRunId?: string;
  readonly outputSchema?: Record<string, unknown> | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** What callers are told of it. */
export const acceptedView = ({ id, sessionId, at, queued, codexRunId }: NewTurn): Turn => ({
  id,
  sessionId,
  state: "accepted",
  origin: "client",
  createdAt: at,
  ...(codexRunId === undefined ? {} : { codexRunId }),
  ...(queued ? { queued } : {}),
});

/** The event that accepts it; `idempotency` is the stored reply of the request. */
export const acceptedEvent = (turn: NewTurn, idempotency: object | undefined): NewEvent => ({
  type: "turn.accepted",
  at: turn.at,
  sessionId: turn.sessionId,
  turnId: turn.id,
  ...(turn.codexRunId === undefined ? {} : { codexRunId: turn.codexRunId }),
  data: {
    origin: "client",
    ...(turn.queued ? { queued: true } : {}),
    input: turn.input,
    ...(turn.outputSchema === undefined ? {} : { outputSchema: turn.outputSchema }),
    ...(turn.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: turn.idleTimeoutMs }),
    ...(turn.timeoutMs === undefined ? {} : { timeoutMs: turn.timeoutMs }),
    ...(idempotency === undefined ? {} : { idempotency }),
  },
});

/** What an accepted turn asks, read back from the log (checkpoints hold no text); undefined when it is no longer there. */
export const readAcceptedTurn = (
  log: EventLog,
  acceptedSeq: number,
): (Pick<NewTurn, "outputSchema"> & { input?: TurnInput }) | undefined => {
  const frame = log.read(acceptedSeq - 1, { maxRecords: 1, maxBytes: 1 }).frames[0];
  if (frame?.seq !== acceptedSeq) return undefined;
  return (JSON.parse(frame.bytes.toString()) as { data: { input?: TurnInput } }).data;
};

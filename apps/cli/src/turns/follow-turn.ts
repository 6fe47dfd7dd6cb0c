import { type FeedEvent, isTerminalTurnState, type TurnDetail } from "@baa/contracts";
import type { Context } from "../context.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";
import { Absence } from "./absence.ts";

/** Milliseconds that the last reading may take to see the end that the stream has told. */
const END_WAIT_MS = 5_000;

const END_TYPES: readonly string[] = ["turn.completed", "turn.failed", "turn.interrupted", "turn.lost"];

/** Whether this event is the end of a turn. */
export const isTurnEnd = ({ type }: Pick<FeedEvent, "type">): boolean => END_TYPES.includes(type);

export interface FollowTurnOptions {
  readonly turn: { readonly id: string; readonly sessionId: string };
  /** `<logId>:<seq>`, or a number of the log that answers. */
  readonly after: string | number;
  /** Every event of the turn, once each, in order. */
  readonly onEvent: (event: FeedEvent) => void | Promise<void>;
  /** Stops the following; its reason is thrown. */
  readonly signal: AbortSignal;
}

/**
 * Follows a turn to its end, over restarts of whatever is between, and reads it then.
 *
 * Throws the signal's reason, CliError `unavailable` when nothing answers for too long (the turn itself goes on), and
 * what a refusal says.
 */
export const followTurn = async (context: Context, service: Service, o: FollowTurnOptions): Promise<TurnDetail> => {
  const { id: turnId, sessionId } = o.turn;
  const ended = new AbortController();
  const absence = new Absence({ out: context.out, service, goOn: `baa tail ${sessionId}` });
  const read = (waitMs: number): Promise<{ turn: TurnDetail }> =>
    patiently(context, () =>
      service.codex.readTurn({ params: { sessionId, turnId }, query: { waitMs }, signal: context.signal }),
    );
  try {
    await service.follow({
      after: o.after,
      filters: { turnId },
      signal: AbortSignal.any([o.signal, ended.signal, absence.signal]),
      onStateChange: (state) => absence.note(state),
      onEvent: async (event) => {
        await o.onEvent(event);
        if (isTurnEnd(event)) ended.abort();
      },
      onControl: async (frame) => {
        if (frame.type !== "reset") return;
        context.out.warn("events_gone", "the log does not go back that far; some of what was streamed is not shown");
        if (isTerminalTurnState((await read(0)).turn.state)) ended.abort();
      },
    });
  } finally {
    absence.stop();
  }
  o.signal.throwIfAborted();
  absence.signal.throwIfAborted();
  return (await read(END_WAIT_MS)).turn;
};

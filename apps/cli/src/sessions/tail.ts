import { type FeedEvent, isTerminalTurnState, type TurnDetail } from "@baa/contracts";
import type { TailOptions } from "../commands/tail.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveSession } from "../ids.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";
import { Absence } from "../turns/absence.ts";
import { isTurnEnd } from "../turns/follow-turn.ts";
import { exitOfTurn } from "../turns/outcome.ts";
import { showTurn } from "../turns/show-turn.ts";
import { headCursor } from "../turns/start-turn.ts";
import { Conversation } from "./conversation.ts";
import { tailAll } from "./tail-all.ts";

/** `baa tail`. */
export const tail = async (context: Context, given: string | undefined, o: TailOptions): Promise<ExitName> => {
  const service = await context.connect();
  if (given === undefined) {
    if (!o.follow || o.untilEnd) throw usageError("without a session there is only what comes: leave the options out");
    return tailAll(context, service);
  }
  const sessionId = await resolveSession(service.codex, given, context.signal);
  const conversation = new Conversation(context.out);
  const past = await readPast(context, service, { sessionId, turns: o.turns });
  for (const turn of past.turns) {
    if (context.out.json) await context.out.jsonLine({ turn });
    else await showTurn(conversation.printer, turn);
  }
  await showPending(context, service, { sessionId, conversation });
  const latest = past.turns.at(-1);
  if (!o.follow) return "ok";
  if (o.untilEnd && (latest === undefined || isTerminalTurnState(latest.state)))
    return latest ? exitOfTurn(latest) : "ok";
  return follow(context, service, { sessionId, after: past.after, conversation, isUntilEnd: o.untilEnd === true });
};

interface Past {
  /** Oldest first. */
  readonly turns: readonly TurnDetail[];
  /** From here on everything is new. */
  readonly after: string | number;
}

const readPast = async (
  context: Context,
  service: Service,
  o: { readonly sessionId: string; readonly turns: number },
): Promise<Past> => {
  const { codex } = service;
  const { signal } = context;
  const params = { sessionId: o.sessionId };
  // Before the turns are listed: none that begins in between is missed.
  const head = await headCursor(context, service);
  if (o.turns === 0) return { turns: [], after: head };
  const { turns } = await patiently(context, () => codex.listTurns({ params, query: { limit: o.turns }, signal }));
  const details: TurnDetail[] = [];
  for (const { id: turnId } of turns.toReversed()) {
    const { turn } = await patiently(context, () => codex.readTurn({ params: { ...params, turnId }, signal }));
    details.push(turn);
  }
  return { turns: details, after: details.at(-1)?.asOfSeq ?? head };
};

/** What waits for a decision already; the stream does not tell of it again. */
const showPending = async (
  context: Context,
  service: Service,
  o: { readonly sessionId: string; readonly conversation: Conversation },
): Promise<void> => {
  if (context.out.json) return;
  const query = { state: "pending" as const, sessionId: o.sessionId };
  const { approvals } = await patiently(context, () => service.codex.listApprovals({ query, signal: context.signal }));
  for (const approval of approvals.toReversed()) await o.conversation.showApproval(approval);
};

const follow = async (
  context: Context,
  service: Service,
  o: { sessionId: string; after: string | number; conversation: Conversation; isUntilEnd: boolean },
): Promise<ExitName> => {
  const { out } = context;
  const absence = new Absence({ out, service });
  const ended = new AbortController();
  let exit: ExitName = "ok";
  const onEvent = async (event: FeedEvent): Promise<void> => {
    await (out.json ? out.jsonLine(event) : o.conversation.show(event));
    if (!o.isUntilEnd || !isTurnEnd(event)) return;
    exit = exitOfTurn({ state: event.type.slice("turn.".length) as TurnDetail["state"] });
    const { session } = await patiently(context, () =>
      service.codex.readSession({ params: { sessionId: o.sessionId }, signal: context.signal }),
    );
    if (session.activeTurnId === undefined) ended.abort();
  };
  try {
    await service.follow({
      after: o.after,
      filters: { sessionId: o.sessionId },
      signal: AbortSignal.any([context.signal, absence.signal, ended.signal]),
      onStateChange: (state) => absence.note(state),
      onEvent,
      onControl: (frame) => {
        if (frame.type === "reset") out.warn("events_gone", "some of what was said is not in the log any more");
      },
    });
  } finally {
    absence.stop();
  }
  absence.signal.throwIfAborted();
  if (o.isUntilEnd) context.signal.throwIfAborted();
  await o.conversation.printer.endLine();
  return exit;
};

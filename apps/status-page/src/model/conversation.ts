import type { FeedEvent, Turn, TurnDetail } from "@baa/contracts";
import { foldTurn, hasEnded, turnOfEvent, turnOfList, withContentState, withDetail, withoutContent } from "./turns.ts";
import type { Content, TurnView } from "./turns.ts";

/** The turns of one session, oldest first. `earlier` = the cursor of those before them; null = these are all. */
export interface Conversation {
  readonly sessionId: string;
  readonly turns: readonly TurnView[];
  readonly earlier: string | null;
}

/** Turns whose content is kept; older ones give theirs back and can be read again. */
export const LOADED_TURNS_MAX = 40;

/** A page of the list (newest first) as a conversation. */
export const openConversation = (
  sessionId: string,
  page: { turns: Turn[]; nextCursor: string | null },
): Conversation => ({
  sessionId,
  turns: page.turns.map(turnOfList).toReversed(),
  earlier: page.nextCursor,
});

/** With the next older page before it. */
export const withEarlier = (
  conversation: Conversation,
  page: { turns: Turn[]; nextCursor: string | null },
): Conversation => {
  const known = new Set(conversation.turns.map(({ turn }) => turn.id));
  const older = page.turns.filter(({ id }) => !known.has(id)).map(turnOfList);
  return { ...conversation, turns: [...older.toReversed(), ...conversation.turns], earlier: page.nextCursor };
};

/** The turn's content is being read, or could not be. */
export const withContent = (conversation: Conversation, turnId: string, content: Content): Conversation =>
  change(conversation, turnId, (view) => withContentState(view, content));

/** The turn's content has come. */
export const withTurnDetail = (conversation: Conversation, detail: TurnDetail): Conversation =>
  change(conversation, detail.id, (view) => withDetail(view, detail));

/** The turns that must be read now: in progress, or among the newest `wanted`. */
export const turnsToRead = (conversation: Conversation, wanted: number): string[] => {
  const newest = conversation.turns.length - wanted;
  return conversation.turns.flatMap(({ turn, content }, index) =>
    content === "none" && (index >= newest || !hasEnded(turn)) ? [turn.id] : [],
  );
};

/** The conversation after some events of its session; the very same when they change nothing. */
export const applyEvents = (conversation: Conversation, events: readonly FeedEvent[]): Conversation => {
  const before = conversation.turns.length;
  const after = events.reduce(applyEvent, conversation);
  return after.turns.length > before ? giveBackOld(after) : after;
};

const applyEvent = (conversation: Conversation, event: FeedEvent): Conversation => {
  if (event.sessionId !== conversation.sessionId) return conversation;
  if (event.type === "codex.notification") return withNotice(conversation, event);
  const { turnId } = event;
  if (turnId === undefined) return conversation;
  if (event.type === "turn.accepted" && !conversation.turns.some(({ turn }) => turn.id === turnId)) {
    const view = turnOfEvent(event, { sessionId: conversation.sessionId, turnId });
    return { ...conversation, turns: [...conversation.turns, view] };
  }
  return change(conversation, turnId, (view) => foldTurn(view, event));
};

/** From the end, where the turn in progress stands. */
const change = (conversation: Conversation, turnId: string, make: (view: TurnView) => TurnView): Conversation => {
  const at = conversation.turns.findLastIndex(({ turn }) => turn.id === turnId);
  const view = conversation.turns[at];
  if (view === undefined) return conversation;
  const changed = make(view);
  return changed === view ? conversation : { ...conversation, turns: conversation.turns.with(at, changed) };
};

/** Codex tries again by itself: worth a line, until the turn goes on. */
const withNotice = (conversation: Conversation, { data }: FeedEvent): Conversation => {
  const { error, willRetry } = (data["params"] ?? {}) as { error?: { message?: unknown }; willRetry?: unknown };
  const message = error?.message;
  const open = conversation.turns.findLast(({ turn }) => !hasEnded(turn));
  if (data["method"] !== "error" || willRetry !== true || typeof message !== "string" || !open) return conversation;
  return change(conversation, open.turn.id, (view) => ({ ...view, notice: message }));
};

const giveBackOld = (conversation: Conversation): Conversation => {
  const oldest = conversation.turns.length - LOADED_TURNS_MAX;
  if (oldest <= 0) return conversation;
  const turns = conversation.turns.map((view, index) =>
    index < oldest && view.content === "loaded" && hasEnded(view.turn) ? withoutContent(view) : view,
  );
  return { ...conversation, turns };
};

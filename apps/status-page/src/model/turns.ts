import type { FeedEvent, TurnDetail, Turn } from "@baa/contracts";
import { cutOpen, foldItem, itemOfDetail } from "./items.ts";
import type { Items } from "./items.ts";

/**
 * Whether a turn's content is here. `none`: it was not asked for, or given back to save memory. `loading`: asked for;
 * its events wait in `waiting` until it comes. `gone`: older than what is kept.
 */
export type Content = "none" | "loading" | "loaded" | "failed" | "gone";

/** One turn, as it is shown. Never changed: a change makes a new one. */
export interface TurnView {
  readonly turn: Turn;
  readonly content: Content;
  readonly items: Items;
  /** What the caller wrote, until Codex shows it as an item. */
  readonly input: string | undefined;
  /** Ids of its approvals that wait for an answer. */
  readonly approvals: readonly string[];
  /** What Codex says of a trouble that it works on by itself. */
  readonly notice: string | undefined;
  /** Events up to this number are in `items`. */
  readonly asOfSeq: number;
  readonly waiting: Waiting | undefined;
}

/** Events that came while the content was being read, latest first: adding one copies nothing. */
interface Waiting {
  readonly event: FeedEvent;
  readonly before: Waiting | undefined;
}

type TurnState = Turn["state"];

const ENDS: Readonly<Record<string, TurnState>> = {
  "turn.completed": "completed",
  "turn.failed": "failed",
  "turn.interrupted": "interrupted",
  "turn.lost": "lost",
};

export const hasEnded = ({ state }: Pick<Turn, "state">): boolean => Object.values(ENDS).includes(state);

/** A turn of the list, whose content is not here yet. */
export const turnOfList = (turn: Turn): TurnView => ({
  turn,
  content: "none",
  items: [],
  input: undefined,
  approvals: [],
  notice: undefined,
  asOfSeq: 0,
  waiting: undefined,
});

/** The turn that a `turn.accepted` begins: all of it will be told. */
export const turnOfEvent = (event: FeedEvent, ids: { sessionId: string; turnId: string }): TurnView => {
  const { origin, queued, input } = event.data;
  const turn: Turn = {
    id: ids.turnId,
    sessionId: ids.sessionId,
    state: "accepted",
    origin: origin === "codex" ? "codex" : "client",
    createdAt: event.at,
    ...(queued === true ? { queued } : {}),
  };
  return { ...turnOfList(turn), content: "loaded", input: inputText(input), asOfSeq: event.seq };
};

/** The text of a turn's input; what is not text is named. */
export const inputText = (input: unknown): string | undefined => {
  if (typeof input === "string") return input;
  if (!Array.isArray(input)) return undefined;
  const parts = input.map((part: Record<string, unknown> | null) => {
    if (part?.["type"] === "text" && typeof part["text"] === "string") return part["text"];
    const { type, name, path, fileId } = part ?? {};
    const called = [name, path, fileId].find((value) => typeof value === "string");
    return `[${[type, called].filter((value) => typeof value === "string").join(": ")}]`;
  });
  return parts.join("\n");
};

/** The turn with the content that was read, and with what was told since. */
export const withDetail = (view: TurnView, detail: TurnDetail): TurnView => {
  const { text: _text, items, steers: _steers, source: _source, expired, asOfSeq, ...turn } = detail;
  // Without a number it was read from Codex's history: the turn has ended, so nothing more is told of it.
  const place = asOfSeq ?? Number.POSITIVE_INFINITY;
  const read: TurnView = {
    ...view,
    turn,
    content: expired ? "gone" : "loaded",
    items: items.map(itemOfDetail),
    asOfSeq: place,
    waiting: undefined,
  };
  return inOrder(view.waiting).reduce(foldTurn, read);
};

const inOrder = (waiting: Waiting | undefined): FeedEvent[] => {
  const events: FeedEvent[] = [];
  for (let at = waiting; at !== undefined; at = at.before) events.push(at.event);
  return events.toReversed();
};

/** Its content is being read, or could not be: what waited for it is of no use then. */
export const withContentState = (view: TurnView, content: Content): TurnView => ({
  ...view,
  content,
  waiting: undefined,
});

/** Gives the content back; it can be read again. */
export const withoutContent = (view: TurnView): TurnView => ({ ...turnOfList(view.turn), input: view.input });

/** The turn after one of its events; the very same when it changes nothing. */
export const foldTurn = (view: TurnView, event: FeedEvent): TurnView => {
  if (event.seq <= view.asOfSeq || hasEnded(view.turn)) return view;
  const told = view.content === "loading" ? { ...view, waiting: { event, before: view.waiting } } : view;
  const state = ENDS[event.type];
  return state === undefined ? progress(told, event) : end(told, event, state);
};

const end = (view: TurnView, event: FeedEvent, state: TurnState): TurnView => {
  const { reason, error, usage } = event.data as Partial<Turn>;
  const { queued: _queued, ...turn } = view.turn;
  return {
    ...view,
    turn: {
      ...turn,
      state,
      endedAt: event.at,
      ...(reason === undefined ? {} : { reason }),
      ...(error === undefined ? {} : { error }),
      ...(usage === undefined ? {} : { usage }),
    },
    items: cutOpen(view.items),
    approvals: [],
    notice: undefined,
  };
};

const progress = (view: TurnView, event: FeedEvent): TurnView => {
  const { turn } = view;
  const { queued: _queued, ...leftQueue } = turn;
  switch (event.type) {
    case "turn.forwarding":
      return { ...view, turn: { ...leftQueue, state: "forwarding" } };
    case "turn.started":
      return { ...view, turn: { ...leftQueue, state: "running", startedAt: event.at } };
    case "usage.updated":
      return { ...view, turn: { ...turn, usage: event.data["usage"] as NonNullable<Turn["usage"]> } };
    case "approval.requested":
      return withApprovals(view, [...view.approvals, event.approvalId ?? ""]);
    case "approval.resolved":
      return withApprovals(
        view,
        view.approvals.filter((id) => id !== event.approvalId),
      );
    default:
      return progressItems(view, event);
  }
};

const withApprovals = (view: TurnView, approvals: readonly string[]): TurnView => ({
  ...view,
  approvals,
  turn: { ...view.turn, state: approvals.length > 0 ? "awaitingApproval" : "running" },
});

const progressItems = (view: TurnView, event: FeedEvent): TurnView => {
  // Without the content there is nothing to add to: reading it brings this too.
  if (view.content !== "loaded") return view;
  const items = foldItem(view.items, event);
  return items === view.items ? view : { ...view, items, notice: undefined };
};

import type { ItemChannel } from "@baa/contracts";
import { isTerminalTurnState } from "@baa/contracts";
import type * as z from "zod";
import type { NewEvent } from "../journal/journal.ts";
import type { SessionRecord, TurnRecord } from "../registry/records.ts";
import type { Registries } from "../registry/registries.ts";
import * as message from "./child-message.ts";
import { endTurnEvents, turnErrorOf } from "./turn-end.ts";
import type { UsageMeter } from "./usage-meter.ts";

export interface Notification {
  readonly method: string;
  readonly params: unknown;
}

/** What translation may look at and what it takes as input; it changes nothing but the usage meter's arithmetic. */
export interface TranslateContext {
  readonly registries: Registries;
  readonly usage: UsageMeter;
  readonly newTurnId: () => string;
  readonly nowMs: () => number;
}

/** Streams of text, by notification. */
export const DELTA_CHANNELS: ReadonlyMap<string, ItemChannel> = new Map([
  ["item/agentMessage/delta", "text"],
  ["item/reasoning/summaryTextDelta", "reasoning"],
  ["item/reasoning/textDelta", "reasoning"],
  ["item/plan/delta", "plan"],
  ["item/commandExecution/outputDelta", "output"],
  ["item/fileChange/outputDelta", "patch"],
]);

/**
 * Chatter that says nothing an event does not say already. Counted by method in /metrics, not
 * appended: the states it reports are derived from turns and approvals, rate limits are shown in
 * /status, a withdrawn request becomes approval.resolved, and whether a thread is loaded concerns only us.
 */
export const COALESCED: ReadonlySet<string> = new Set([
  "thread/status/changed",
  "thread/readState/changed",
  "account/rateLimits/updated",
  "serverRequest/resolved",
  "thread/closed",
]);

/** Items whose text is streamed anew when a model stream is retried or steered. */
const STREAMED_ITEMS = new Set(["agentMessage", "reasoning", "plan"]);

/**
 * One notification of the child as events. What we do not model, or cannot read, passes through as
 * `codex.notification`, verbatim; nothing is dropped silently.
 */
export const translate = (n: Notification, context: TranslateContext): NewEvent[] => {
  const channel = DELTA_CHANNELS.get(n.method);
  if (channel !== undefined) return translateDelta(n, channel, context);
  const translator = TRANSLATORS.get(n.method);
  return translator?.(n, context) ?? [verbatim(n, context)];
};

type Translator = (n: Notification, context: TranslateContext) => NewEvent[] | undefined;

const translateDelta = (n: Notification, channel: ItemChannel, context: TranslateContext): NewEvent[] => {
  // Hot path: up to 14,000 a second. The shape is checked by hand, since zod would cost more than the rest.
  const p = n.params as { turnId?: unknown; itemId?: unknown; delta?: unknown } | null;
  if (!p || typeof p.turnId !== "string" || typeof p.itemId !== "string" || typeof p.delta !== "string") {
    return [verbatim(n, context)];
  }
  const turn = context.registries.turns.byCodexId(p.turnId);
  if (!turn || isTerminalTurnState(turn.state)) return [verbatim(n, context)];
  return [
    {
      type: "item.delta",
      sessionId: turn.sessionId,
      turnId: turn.id,
      data: { itemId: p.itemId, channel, delta: p.delta },
    },
  ];
};

const turnStarted: Translator = (n, context) => {
  const parsed = message.ThreadTurn.safeParse(n.params);
  const session = parsed.success ? context.registries.sessions.byThread(parsed.data.threadId) : undefined;
  if (!parsed.success || !session) return undefined;
  return bindTurn(parsed.data.turn.id, session, context);
};

/** The events that make Codex's turn id known: it is ours if one is being forwarded, else Codex began it itself. */
export const bindTurn = (codexTurnId: string, session: SessionRecord, context: TranslateContext): NewEvent[] => {
  if (context.registries.turns.byCodexId(codexTurnId)) return [];
  const forwarding = context.registries.turns
    .openOf(session.id)
    .find((turn) => turn.state === "forwarding" && turn.codexTurnId === undefined);
  const turnId = forwarding?.id ?? context.newTurnId();
  const ids = { sessionId: session.id, turnId };
  const accepted: NewEvent[] = forwarding ? [] : [{ type: "turn.accepted", ...ids, data: { origin: "codex" } }];
  return [...accepted, { type: "turn.started", ...ids, data: { codexTurnId } }];
};

const itemStarted: Translator = (n, context) => {
  const found = itemOf(n, context);
  if (!found) return undefined;
  const { turn, item } = found;
  const ids = { sessionId: turn.sessionId, turnId: turn.id };
  const started: NewEvent = { type: "item.started", ...ids, data: { item } };
  return item.type === "userMessage" ? [...steered(turn, item), started] : [started];
};

const itemCompleted: Translator = (n, context) => {
  const found = itemOf(n, context);
  if (!found) return undefined;
  const { turn, item } = found;
  return [{ type: "item.completed", sessionId: turn.sessionId, turnId: turn.id, data: { item } }];
};

/** Steering input arrived in the turn: Codex has dropped the model stream of the moment, and the input is consumed. */
const steered = (turn: TurnRecord, item: message.CodexItem): NewEvent[] => {
  const inputId = item["clientId"];
  if (typeof inputId !== "string" || inputId === turn.id) return [];
  const ids = { sessionId: turn.sessionId, turnId: turn.id };
  return [...discardStreamed(turn, "steered"), { type: "turn.steered", ...ids, data: { inputId, consumed: true } }];
};

const discardStreamed = (turn: TurnRecord, reason: "retried" | "steered"): NewEvent[] =>
  turn.openItems
    .filter((item) => STREAMED_ITEMS.has(item.type))
    .map((item) => ({
      type: "item.discarded",
      sessionId: turn.sessionId,
      turnId: turn.id,
      data: { itemId: item.itemId, reason },
    }));

const errorReported: Translator = (n, context) => {
  const parsed = message.ErrorMessage.safeParse(n.params);
  const turn = parsed.success ? context.registries.turns.byCodexId(parsed.data.turnId) : undefined;
  if (!parsed.success || !turn || !parsed.data.willRetry) return undefined;
  return [...discardStreamed(turn, "retried"), verbatim(n, context)];
};

const tokenUsage: Translator = (n, context) => {
  const parsed = message.TokenUsage.safeParse(n.params);
  const turn = parsed.success ? context.registries.turns.byCodexId(parsed.data.turnId) : undefined;
  if (!parsed.success || !turn || isTerminalTurnState(turn.state)) return undefined;
  const { total, last } = parsed.data.tokenUsage;
  const { usage, tell } = context.usage.update(turn.id, total, last, context.nowMs());
  return tell ? [{ type: "usage.updated", sessionId: turn.sessionId, turnId: turn.id, data: { usage } }] : [];
};

const turnCompleted: Translator = (n, context) => {
  const parsed = message.TurnCompleted.safeParse(n.params);
  if (!parsed.success) return undefined;
  const turn = context.registries.turns.byCodexId(parsed.data.turn.id);
  if (!turn) return undefined;
  if (isTerminalTurnState(turn.state)) return [];
  const usage = context.usage.current(turn.id);
  const { status, error } = parsed.data.turn;
  if (status === "completed") return endTurnEvents(turn, { status, usage });
  if (status === "interrupted") {
    return endTurnEvents(turn, { status, usage, reason: turn.interruptReason ?? "codex" });
  }
  return endTurnEvents(turn, { status: "failed", usage, error: turnErrorOf(error) });
};

const TRANSLATORS: ReadonlyMap<string, Translator> = new Map([
  ["turn/started", turnStarted],
  ["turn/completed", turnCompleted],
  ["item/started", itemStarted],
  ["item/completed", itemCompleted],
  ["thread/tokenUsage/updated", tokenUsage],
  ["error", errorReported],
]);

const itemOf = (
  n: Notification,
  context: TranslateContext,
): { turn: TurnRecord; item: message.CodexItem } | undefined => {
  const parsed: z.ZodSafeParseResult<z.infer<typeof message.ItemMessage>> = message.ItemMessage.safeParse(n.params);
  if (!parsed.success) return undefined;
  const turn = context.registries.turns.byCodexId(parsed.data.turnId);
  if (!turn || isTerminalTurnState(turn.state)) return undefined;
  return { turn, item: parsed.data.item };
};

const verbatim = (n: Notification, context: TranslateContext): NewEvent => {
  const thread = message.AnyThread.safeParse(n.params);
  const session = thread.success ? context.registries.sessions.byThread(thread.data.threadId) : undefined;
  const data = { method: n.method, params: n.params };
  return session ? { type: "codex.notification", sessionId: session.id, data } : { type: "codex.notification", data };
};

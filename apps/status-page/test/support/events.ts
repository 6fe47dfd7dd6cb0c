import type { FeedEvent, Turn } from "@baa/contracts";

export const SESSION = `ses_${"1".repeat(32)}`;
export const TURN = `turn_${"a".repeat(32)}`;
export const AT = "2026-11-26T12:00:00.000Z";

/** An event of the session's turn, as codexd's log has it. */
export const event = (seq: number, type: string, data: Record<string, unknown> = {}, more = {}): FeedEvent => ({
  seq,
  at: AT,
  type,
  sessionId: SESSION,
  turnId: TURN,
  data,
  ...more,
});

export const turnOf = (state: Turn["state"], more: Partial<Turn> = {}): Turn => ({
  id: TURN,
  sessionId: SESSION,
  state,
  origin: "client",
  createdAt: AT,
  ...more,
});

export const delta = (seq: number, itemId: string, text: string, channel = "text"): FeedEvent =>
  event(seq, "item.delta", { itemId, channel, delta: text });

export const itemStarted = (seq: number, item: object): FeedEvent => event(seq, "item.started", { item });
export const itemCompleted = (seq: number, item: object): FeedEvent => event(seq, "item.completed", { item });

import type { NewEvent } from "../../src/journal/journal.ts";
import type { SessionRecord, StoredEvent } from "../../src/registry/records.ts";
import { AT } from "./journal.ts";

/** A session whose thread Codex has stored. */
export const SESSION: SessionRecord = {
  id: "ses_1",
  threadId: "thr_1",
  durable: true,
  adopted: false,
  archived: false,
  cwd: "/home/u/project",
  cwdOwned: false,
  purpose: "chat",
  sandbox: "read-only",
  approvalPolicy: "on-request",
  createdAt: AT,
  updatedAt: AT,
};

const IDS = { sessionId: "ses_1", turnId: "turn_1" };

export const created = (record: Partial<SessionRecord> = {}): NewEvent => {
  const session = { ...SESSION, ...record };
  return { type: "session.created", sessionId: session.id, data: { session: { ...session, state: "idle" } } };
};

/** A session that never had a turn: its thread is not known yet. */
export const createdBare = (): NewEvent => {
  const { threadId: _thread, ...rest } = SESSION;
  return { type: "session.created", sessionId: "ses_1", data: { session: { ...rest, durable: false, state: "idle" } } };
};

type Ids = Partial<typeof IDS>;

export const accepted = (ids: Ids = {}, data: Record<string, unknown> = {}): NewEvent => ({
  type: "turn.accepted",
  ...IDS,
  ...ids,
  data: { origin: "client", input: "hello", ...data },
});
export const forwarding = (ids: Ids = {}): NewEvent => ({
  type: "turn.forwarding",
  ...IDS,
  ...ids,
  data: { generation: 1 },
});
export const started = (codexTurnId = "ctx_1", ids: Ids = {}): NewEvent => ({
  type: "turn.started",
  ...IDS,
  ...ids,
  data: { codexTurnId },
});
export const event = (
  type: string,
  data: Record<string, unknown> = {},
  ids: Ids & { approvalId?: string } = {},
): NewEvent => ({
  type,
  ...IDS,
  ...ids,
  data,
});
export const itemStarted = (id: string, type = "agentMessage", more: Record<string, unknown> = {}): NewEvent =>
  event("item.started", { item: { id, type, ...more } });
export const itemCompleted = (id: string, type = "agentMessage", more: Record<string, unknown> = {}): NewEvent =>
  event("item.completed", { item: { id, type, ...more } });
export const delta = (itemId: string, text: string, channel = "text"): NewEvent =>
  event("item.delta", { itemId, channel, delta: text });

/** Events of a session with one turn that Codex has begun. */
export const RUNNING: readonly NewEvent[] = [created(), accepted(), forwarding(), started()];

/** Events as the log would have numbered them. */
export const numbered = (events: readonly NewEvent[], from = 1): StoredEvent[] =>
  events.map((each, index) => ({ at: AT, ...each, seq: from + index }));

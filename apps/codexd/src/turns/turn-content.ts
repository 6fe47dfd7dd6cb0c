import type { Steer, TurnItem } from "@baa/contracts";
import type { EventLog } from "@baa/storage";
import type { TurnRecord } from "../registry/records.ts";

export interface TurnContent {
  readonly text: string;
  readonly items: TurnItem[];
  /** Input that was added while it ran, in the order it was sent; left out when there was none. */
  readonly steers?: Steer[];
  /** The turn begins before the log does; nothing of it can be read here any more. */
  readonly expired: boolean;
  /** The last event that was looked at. */
  readonly asOfSeq: number;
}

interface ContentEvent {
  type: string;
  data: {
    itemId?: string;
    delta?: string;
    channel?: string;
    item?: { id: string; type: string; text?: string };
    inputId?: string;
    consumed?: boolean;
    rejected?: string;
  };
}

interface Draft {
  item: Record<string, unknown>;
  type: string;
  /** Text that was streamed before the item was completed, if it ever was. */
  streamed: string;
  /** Output of a command, likewise. */
  output: string;
  state: TurnItem["state"];
}

const draft = (type: string, item: Record<string, unknown>, state: Draft["state"]): Draft => ({
  item,
  type,
  streamed: "",
  output: "",
  state,
});

/** A turn's items, text and steering inputs, read from the log between its acceptance and its end. */
export const readTurnContent = (log: EventLog, turn: TurnRecord): TurnContent => {
  if (turn.acceptedSeq < log.oldest()) return { text: "", items: [], expired: true, asOfSeq: turn.acceptedSeq };
  const drafts = new Map<string, Draft>();
  const steers = new Map<string, Steer["state"]>();
  let after = turn.acceptedSeq;
  const until = turn.endSeq ?? log.written();
  while (after < until) {
    const batch = log.read(after, {
      maxRecords: 10_000,
      maxBytes: 8 << 20,
      match: (head) => head.seq <= until && head.turnId === turn.id && isContent(head.type),
    });
    for (const frame of batch.frames) {
      const event = JSON.parse(frame.bytes.toString()) as ContentEvent;
      if (event.type === STEERED) collectSteer(steers, event);
      else collect(drafts, event);
    }
    if (batch.lastSeq <= after) break;
    after = batch.lastSeq;
  }
  if (turn.endSeq !== undefined && [...steers.values()].includes("sent")) readLateSteers(log, turn, steers);
  const items = [...drafts].map(([itemId, draft]) => toItem(itemId, draft, turn.endSeq !== undefined));
  const sent = [...steers].map(([inputId, state]): Steer => ({ inputId, state }));
  return { text: textOf(items), items, ...(sent.length > 0 ? { steers: sent } : {}), expired: false, asOfSeq: until };
};

const STEERED = "turn.steered";
const isContent = (type: string): boolean => type.startsWith("item.") || type === STEERED;

/** Sent first, then perhaps consumed or rejected: the two are ends. */
const collectSteer = (steers: Map<string, Steer["state"]>, { data }: ContentEvent): void => {
  const { inputId, consumed, rejected } = data;
  if (inputId === undefined || (steers.get(inputId) ?? "sent") !== "sent") return;
  steers.set(inputId, consumed ? "consumed" : rejected === undefined ? "sent" : "rejected");
};

/** Codex refuses input that comes too late, and says so only just after the turn's end. */
const readLateSteers = (log: EventLog, turn: TurnRecord, steers: Map<string, Steer["state"]>): void => {
  const { frames } = log.readSession(turn.sessionId, turn.endSeq as number, {
    maxRecords: 100,
    maxBytes: 1 << 20,
    match: (head) => head.turnId === turn.id && head.type === STEERED,
  });
  for (const frame of frames) collectSteer(steers, JSON.parse(frame.bytes.toString()) as ContentEvent);
};

const collect = (drafts: Map<string, Draft>, event: ContentEvent): void => {
  const { item, itemId } = event.data;
  if (event.type === "item.started" && item) {
    drafts.set(item.id, draft(item.type, item, "open"));
  } else if (event.type === "item.completed" && item) {
    drafts.set(item.id, draft(item.type, item, "completed"));
  } else if (event.type === "item.delta" && itemId !== undefined) {
    addDelta(drafts, itemId, event.data);
  } else if (event.type === "item.discarded" && itemId !== undefined) {
    discard(drafts, itemId, (event.data as { reason?: string }).reason);
  }
};

const addDelta = (drafts: Map<string, Draft>, itemId: string, data: ContentEvent["data"]): void => {
  const entry = drafts.get(itemId) ?? draft(data.channel === "text" ? "agentMessage" : "unknown", {}, "open");
  if (data.channel === "output" || data.channel === "patch") entry.output += data.delta ?? "";
  else entry.streamed += data.delta ?? "";
  drafts.set(itemId, entry);
};

/** What a retry or a steer threw away is left out; what was open at the end stays, marked as cut. */
const discard = (drafts: Map<string, Draft>, itemId: string, reason: string | undefined): void => {
  const entry = drafts.get(itemId);
  if (!entry) return;
  if (reason === "ended") entry.state = "cut";
  else drafts.delete(itemId);
};

const toItem = (itemId: string, entry: Draft, ended: boolean): TurnItem => {
  const { id: _id, ...rest } = entry.item;
  const state = ended && entry.state === "open" ? "cut" : entry.state;
  const partial = entry.state !== "completed";
  const text = partial && entry.streamed !== "" ? entry.streamed : entry.item["text"];
  return {
    ...rest,
    ...(partial && entry.output !== "" ? { aggregatedOutput: entry.output } : {}),
    ...(typeof text === "string" ? { text } : {}),
    itemId,
    type: entry.type,
    state,
  };
};

const textOf = (items: readonly TurnItem[]): string =>
  items
    .filter((item) => item.type === "agentMessage" && item.text !== undefined && item.text !== "")
    .map((item) => item.text)
    .join("\n\n");

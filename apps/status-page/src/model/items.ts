import type { TurnItem } from "@baa/contracts";
import { appendEnd, appendStart, NO_TEXT } from "./capped-text.ts";
import type { CappedText } from "./capped-text.ts";

/** One item of a turn, as it is shown. Never changed: a change makes a new one. */
export interface ItemView {
  readonly id: string;
  readonly type: string;
  readonly state: TurnItem["state"];
  /** What was said: an agent's message, a plan, a thought. */
  readonly text: CappedText;
  /** What a command or a patch printed. */
  readonly output: CappedText;
  /** The rest of Codex's item as it came. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export type Items = readonly ItemView[];

/** Codex's item as an event carries it. */
interface CodexItem {
  readonly id: string;
  readonly type: string;
}

/** The item of a read turn; its id stands under another name there. */
export const itemOfDetail = ({ itemId, type, state, ...rest }: TurnItem): ItemView => view(itemId, type, state, rest);

const itemOfEvent = (item: CodexItem, state: ItemView["state"]): ItemView => {
  const { id, type, ...rest } = item;
  return view(id, type, state, rest);
};

const view = (id: string, type: string, state: ItemView["state"], rest: Record<string, unknown>): ItemView => {
  const { text, aggregatedOutput, ...raw } = rest;
  return {
    id,
    type,
    state,
    text: appendStart(NO_TEXT, typeof text === "string" ? text : textOfParts(raw)),
    output: appendEnd(NO_TEXT, typeof aggregatedOutput === "string" ? aggregatedOutput : ""),
    raw,
  };
};

/** A reasoning item comes with parts instead of a text. */
const textOfParts = ({ summary, content }: Record<string, unknown>): string => {
  const parts = Array.isArray(summary) && summary.length > 0 ? summary : content;
  return Array.isArray(parts) ? parts.filter((part): part is string => typeof part === "string").join("\n\n") : "";
};

/** What an event about items tells. */
export interface ItemEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The items after an event; the very same list when it changes nothing. */
export const foldItem = (items: Items, { type, data }: ItemEvent): Items => {
  const itemId = typeof data["itemId"] === "string" ? data["itemId"] : undefined;
  switch (type) {
    case "item.started":
    case "item.completed":
      return isCodexItem(data["item"])
        ? put(items, itemOfEvent(data["item"], type === "item.started" ? "open" : "completed"))
        : items;
    case "item.delta":
      return itemId === undefined ? items : addDelta(items, itemId, data);
    case "item.discarded":
      return itemId === undefined ? items : discard(items, itemId, data["reason"]);
    default:
      return items;
  }
};

/** The turn has ended: what was open then stays as it is, marked as cut. */
export const cutOpen = (items: Items): Items =>
  items.some((item) => item.state === "open")
    ? items.map((item) => (item.state === "open" ? { ...item, state: "cut" } : item))
    : items;

const isCodexItem = (item: unknown): item is CodexItem =>
  typeof item === "object" && item !== null && "id" in item && typeof item.id === "string" && "type" in item;

/** In the place of the item with this id, or at the end. */
const put = (items: Items, item: ItemView): Items => {
  const at = items.findLastIndex(({ id }) => id === item.id);
  return at === -1 ? [...items, item] : items.with(at, item);
};

const addDelta = (items: Items, itemId: string, data: ItemEvent["data"]): Items => {
  const { channel, delta } = data;
  if (typeof delta !== "string") return items;
  const known = items.findLast(({ id }) => id === itemId);
  const item = known ?? view(itemId, channel === "text" ? "agentMessage" : "unknown", "open", {});
  const isOutput = channel === "output" || channel === "patch";
  return put(
    items,
    isOutput ? { ...item, output: appendEnd(item.output, delta) } : { ...item, text: appendStart(item.text, delta) },
  );
};

/** What a retry or a steer threw away is left out; what was open at the end stays. */
const discard = (items: Items, itemId: string, reason: unknown): Items =>
  reason === "ended"
    ? items.map((item) => (item.id === itemId && item.state === "open" ? { ...item, state: "cut" as const } : item))
    : items.filter((item) => item.id !== itemId);

import type { FeedEvent } from "@baa/contracts";
import { shortId } from "../ids.ts";
import { inputText, tryParseItem } from "../turns/item-text.ts";
import { safeText } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { oneLine } from "./table.ts";

/** Of what an event carries this much is shown. */
const DATA_CHARS_MAX = 160;
const TYPE_WIDTH = 20;

/**
 * One event in one line for people: its source, or its number where there is but one; time, type, whose it is, and what
 * matters of its data.
 */
export const eventLine = (event: FeedEvent & { readonly source?: string }, style: Style): string => {
  const { at, source, type } = event;
  const ids = [event.sessionId, event.turnId, event.approvalId].flatMap((id) =>
    id === undefined ? [] : [shortId(id)],
  );
  const parts = [
    source === undefined ? String(event.seq).padStart(7) : style.accent(safeText(source).padEnd(9)),
    style.dim(at),
    paintOf(type, style)(safeText(type).padEnd(TYPE_WIDTH)),
    safeText(ids.join("/")),
    style.dim(safeText(oneLine(dataText(event.data), DATA_CHARS_MAX))),
  ];
  return parts.join("  ").trimEnd();
};

const paintOf = (type: string, style: Style): Style["bold"] => {
  if (/\.(failed|lost|exited|degraded|down|gap)$/.test(type)) return style.bad;
  return /^approval\.|\.interrupted$/.test(type) ? style.warn : style.bold;
};

/** What matters of the data, in words where we know them. */
const dataText = (data: FeedEvent["data"]): string => {
  const item = tryParseItem(data["item"]);
  if (item !== undefined) {
    const said = item.text ?? item.command ?? inputText(item.content);
    return said === "" ? item.type : `${item.type}: ${said}`;
  }
  const { input, error, command } = data as { input?: unknown; error?: { message?: unknown }; command?: unknown };
  if (typeof error?.message === "string") return error.message;
  if (input !== undefined) return inputText(input);
  return typeof command === "string" ? command : JSON.stringify(data);
};

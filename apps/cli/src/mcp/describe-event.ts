import type { FeedEvent } from "@baa/contracts";
import { oneLine } from "../output/table.ts";
import { tryParseItem } from "../turns/item-text.ts";

const CHARS_MAX = 200;

/** Says in a few words what a turn does, event by event; undefined for what says nothing new. */
export class TurnNarrator {
  /** The text that is being written, by item. */
  readonly #texts = new Map<string, string>();

  describe(event: FeedEvent): string | undefined {
    switch (event.type) {
      case "item.started":
        return short(describeItem(event.data["item"]));
      case "item.delta":
        return this.#delta(event.data);
      case "item.discarded":
        this.#texts.delete(String(event.data["itemId"]));
        return undefined;
      case "approval.requested":
        return short(
          `waits for a decision: ${text(event.data["command"]) ?? text(event.data["kind"]) ?? "an approval"}`,
        );
      case "approval.resolved":
        return `decided: ${text(event.data["decision"]) ?? "resolved"}`;
      default:
        return undefined;
    }
  }

  /** The end of what is written: a line that grows. */
  #delta(data: FeedEvent["data"]): string | undefined {
    if (data["channel"] !== "text") return undefined;
    const itemId = String(data["itemId"]);
    const soFar = ((this.#texts.get(itemId) ?? "") + (text(data["delta"]) ?? "")).slice(-CHARS_MAX * 2);
    this.#texts.set(itemId, soFar);
    const line = soFar.trimEnd().split("\n").at(-1) ?? "";
    return line === "" ? undefined : `writes: ${line.slice(-CHARS_MAX)}`;
  }
}

/** What begins; undefined for what is told by its text, or not at all. */
const describeItem = (value: unknown): string | undefined => {
  const item = tryParseItem(value);
  switch (item?.type) {
    case "commandExecution":
      return `runs: ${item.command ?? "a command"}`;
    case "fileChange":
      return "changes files";
    case "mcpToolCall":
    case "dynamicToolCall":
      return `calls ${[item.server, item.tool].filter(Boolean).join("/")}`;
    case "webSearch":
      return `searches: ${item.query ?? ""}`;
    case "reasoning":
      return "thinks";
    default:
      return undefined;
  }
};

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const short = (sentence: string | undefined): string | undefined =>
  sentence === undefined ? undefined : oneLine(sentence, CHARS_MAX);

import type { FeedEvent } from "@baa/contracts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { beginLines, endLines, inputText, type Item, outputLines, tryParseItem } from "./item-text.ts";
import { whyEnded } from "./outcome.ts";

/** Where the printer writes: what the model says, and what happens around it. Both take text with its newlines. */
export interface PrinterSinks {
  readonly say: (text: string) => void | Promise<void>;
  readonly tell: (text: string) => void | Promise<void>;
  readonly style: Style;
  /** Whether the two go to the same place: then a text is ended before something is told. */
  readonly isOnePlace: boolean;
  /** Whether what the user said is told, too. */
  readonly withInput: boolean;
}

interface EventData {
  readonly itemId?: string;
  readonly channel?: string;
  readonly delta?: string;
  readonly item?: { readonly id?: string };
  readonly input?: unknown;
  readonly reason?: string;
  readonly consumed?: boolean;
  readonly rejected?: string;
}

/**
 * Turns the events of a turn into text as they come: every word of the model once, though it comes twice (as deltas,
 * and whole when the item is complete), and a line or some for each thing that it does.
 */
export class TurnPrinter {
  readonly #sinks: PrinterSinks;
  /** Text that was streamed of the items that are not complete. */
  readonly #streamed = new Map<string, string>();
  /** Output of the commands that still run. */
  readonly #outputs = new Map<string, string>();
  /** The item whose text stands last. */
  #lastItem: string | undefined;
  #isMidLine = false;

  constructor(sinks: PrinterSinks) {
    this.#sinks = sinks;
  }

  /** Shows an event; those that say nothing to people are passed over. */
  async print(event: FeedEvent): Promise<void> {
    const data = event.data as EventData;
    switch (event.type) {
      case "turn.accepted":
        return this.#sinks.withInput
          ? this.#tell([`${this.#sinks.style.bold(">")} ${safeText(inputText(data.input))}`])
          : undefined;
      case "turn.steered":
        return this.#steered(data);
      case "item.delta":
        return this.#delta(data);
      case "item.started":
        return this.#tell(linesOf(data.item, (item) => beginLines(item, this.#sinks.style)));
      case "item.completed":
        return this.#completed(data);
      case "item.discarded":
        return this.#discarded(data);
      case "turn.completed":
      case "turn.failed":
      case "turn.interrupted":
      case "turn.lost":
        return this.#ended(event);
      default:
        return undefined;
    }
  }

  /** Ends the line that stands open. */
  async endLine(): Promise<void> {
    if (this.#isMidLine) await this.#sinks.say("\n");
    this.#isMidLine = false;
  }

  async #delta({ itemId = "", channel, delta = "" }: EventData): Promise<void> {
    if (channel === "text") {
      this.#streamed.set(itemId, (this.#streamed.get(itemId) ?? "") + delta);
      return this.#say(itemId, delta);
    }
    if (channel === "output") this.#outputs.set(itemId, (this.#outputs.get(itemId) ?? "") + delta);
    return undefined;
  }

  async #completed({ item: value }: EventData): Promise<void> {
    const item = tryParseItem(value);
    const itemId = value?.id ?? "";
    if (item === undefined) return;
    if (item.type === "agentMessage") return this.#message(itemId, item.text ?? "");
    const output = item.aggregatedOutput ?? this.#outputs.get(itemId) ?? "";
    this.#outputs.delete(itemId);
    const { style } = this.#sinks;
    return this.#tell([
      ...(item.type === "commandExecution" ? outputLines(output, style) : []),
      ...endLines(item, style),
    ]);
  }

  /** The whole text of a message: what of it was not streamed. A completed text replaces its deltas. */
  async #message(itemId: string, text: string): Promise<void> {
    const streamed = this.#streamed.get(itemId) ?? "";
    this.#streamed.delete(itemId);
    if (text.startsWith(streamed)) return this.#say(itemId, text.slice(streamed.length));
    await this.#tell([this.#sinks.style.dim("(the last text was corrected:)")]);
    return this.#say(`${itemId}, corrected`, text);
  }

  async #discarded({ itemId = "", reason }: EventData): Promise<void> {
    const streamed = this.#streamed.get(itemId) ?? "";
    this.#streamed.delete(itemId);
    this.#outputs.delete(itemId);
    if (reason === "ended" || streamed === "") return;
    this.#lastItem = undefined;
    await this.#tell([this.#sinks.style.dim(`(the last text was withdrawn: ${reason ?? "unknown"})`)]);
  }

  async #steered({ consumed, rejected, input }: EventData): Promise<void> {
    const { style } = this.#sinks;
    if (rejected !== undefined) return this.#tell([style.warn(`(not steered: ${safeText(rejected)})`)]);
    if (consumed === true || input === undefined) return undefined;
    return this.#tell([`${style.bold(">>")} ${safeText(inputText(input))}`]);
  }

  async #ended(event: FeedEvent): Promise<void> {
    await this.endLine();
    const { style } = this.#sinks;
    const state = event.type.slice("turn.".length) as "completed" | "failed" | "interrupted" | "lost";
    const why = whyEnded({ state, ...event.data });
    if (why !== undefined) await this.#tell([state === "interrupted" ? style.warn(why) : style.bad(why)]);
    this.#streamed.clear();
    this.#outputs.clear();
    this.#lastItem = undefined;
  }

  /** Text of the model, as it is; a blank line stands between two messages. */
  async #say(itemId: string, text: string): Promise<void> {
    if (text === "") return;
    if (this.#lastItem !== undefined && this.#lastItem !== itemId) {
      await this.endLine();
      await this.#sinks.say("\n");
    }
    this.#lastItem = itemId;
    await this.#sinks.say(safeText(text));
    this.#isMidLine = !text.endsWith("\n");
  }

  async #tell(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    if (this.#sinks.isOnePlace) await this.endLine();
    await this.#sinks.tell(`${lines.join("\n")}\n`);
  }
}

const linesOf = (value: unknown, lines: (item: Item) => string[]): string[] => {
  const item = tryParseItem(value);
  return item === undefined ? [] : lines(item);
};

import * as z from "zod";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { oneLine } from "../output/table.ts";
import { diffLines } from "./diff-text.ts";

/** What is read of Codex's items; those of other types are told by their name. */
const Item = z.looseObject({
  type: z.string(),
  text: z.string().nullish(),
  command: z.string().nullish(),
  exitCode: z.number().nullish(),
  status: z.string().nullish(),
  aggregatedOutput: z.string().nullish(),
  changes: z.unknown().optional(),
  server: z.string().nullish(),
  tool: z.string().nullish(),
  query: z.string().nullish(),
  content: z.unknown().optional(),
});
export type Item = z.infer<typeof Item>;

/** An item of a turn or event; undefined for what is none. */
export const tryParseItem = (value: unknown): Item | undefined => {
  const parsed = Item.safeParse(value);
  return parsed.success ? parsed.data : undefined;
};

const COMMAND_MAX = 400;
/** Of a command's output so many lines are shown. */
export const OUTPUT_LINES_MAX = 20;

/** The line that says what begins; none for what is told when it is complete, or not at all. */
export const beginLines = (item: Item, style: Style): string[] => {
  switch (item.type) {
    case "commandExecution":
      return [`${style.accent("$")} ${oneLine(safeText(item.command ?? ""), COMMAND_MAX)}`];
    case "mcpToolCall":
    case "dynamicToolCall":
      return [`${style.accent("tool")} ${safeText([item.server, item.tool].filter(Boolean).join("/"))}`];
    case "webSearch":
      return [`${style.accent("search")} ${oneLine(safeText(item.query ?? ""), COMMAND_MAX)}`];
    default:
      return [];
  }
};

/** The lines that say how it ended; none when its beginning said it all. The text of agents is not among them. */
export const endLines = (item: Item, style: Style): string[] => {
  switch (item.type) {
    case "commandExecution":
      return item.exitCode === 0 || item.exitCode === undefined || item.exitCode === null
        ? []
        : [style.warn(`exit ${item.exitCode}`)];
    case "fileChange":
      return diffLines(item.changes, style);
    case "plan":
      return safeText(item.text ?? "").split("\n");
    case "contextCompaction":
      return [style.dim("the conversation was shortened")];
    default:
      return [];
  }
};

/** The first lines of a command's output, dimmed. */
export const outputLines = (output: string, style: Style): string[] => {
  const lines = safeText(output).trimEnd().split("\n");
  if (lines.length === 1 && lines[0] === "") return [];
  const more = lines.length - OUTPUT_LINES_MAX;
  return [
    ...lines.slice(0, OUTPUT_LINES_MAX).map((line) => style.dim(`  ${line}`)),
    ...(more > 0 ? [style.dim(`  … ${more} more lines`)] : []),
  ];
};

/** What a user said, as one text: input of ours, or the content of a `userMessage`. */
export const inputText = (input: unknown): string => {
  if (typeof input === "string") return input;
  if (!Array.isArray(input)) return "";
  return input
    .map((part: unknown) => {
      const { type, text, path } = (part ?? {}) as { type?: unknown; text?: unknown; path?: unknown };
      if (typeof text === "string") return text;
      return `[${String(type)}${typeof path === "string" ? ` ${path}` : ""}]`;
    })
    .join("\n");
};

import { unwrapCommand } from "../text/shell.ts";
import { inputText } from "./turns.ts";
import type { ItemView } from "./items.ts";

/** How an item is shown. */
export type ItemKind =
  | { readonly kind: "user"; readonly text: string }
  | { readonly kind: "agent" }
  | { readonly kind: "thought"; readonly title: string }
  | { readonly kind: "plan" }
  | {
      readonly kind: "command";
      readonly command: string;
      readonly cwd: string | undefined;
      readonly exitCode: number | undefined;
      readonly durationMs: number | undefined;
      readonly status: string | undefined;
    }
  | { readonly kind: "patch"; readonly changes: unknown; readonly status: string | undefined }
  /** A line of its own: a search, a compaction. */
  | { readonly kind: "note"; readonly text: string }
  /** A tool, or what is not known here: a title, and all of it to unfold. */
  | { readonly kind: "other"; readonly title: string; readonly status: string | undefined };

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

const KINDS: Readonly<Record<string, (item: ItemView) => ItemKind>> = {
  userMessage: ({ raw }) => ({ kind: "user", text: inputText(raw["content"]) ?? "" }),
  agentMessage: () => ({ kind: "agent" }),
  reasoning: (item) => ({ kind: "thought", title: thoughtTitle(item.text.text) }),
  plan: () => ({ kind: "plan" }),
  commandExecution: ({ raw }) => ({
    kind: "command",
    command: unwrapCommand(text(raw["command"]) ?? ""),
    cwd: text(raw["cwd"]),
    exitCode: number(raw["exitCode"]),
    durationMs: number(raw["durationMs"]),
    status: text(raw["status"]),
  }),
  fileChange: ({ raw }) => ({ kind: "patch", changes: raw["changes"], status: text(raw["status"]) }),
  webSearch: ({ raw }) => ({ kind: "note", text: `Searched the web: ${text(raw["query"]) ?? "…"}` }),
  imageView: ({ raw }) => ({ kind: "note", text: `Looked at ${text(raw["path"]) ?? "an image"}` }),
  contextCompaction: () => ({ kind: "note", text: "The conversation was compacted" }),
  mcpToolCall: ({ raw }) => ({
    kind: "other",
    title: `${text(raw["server"]) ?? "tool"} · ${text(raw["tool"]) ?? "?"}`,
    status: text(raw["status"]),
  }),
  dynamicToolCall: ({ raw }) => ({ kind: "other", title: text(raw["tool"]) ?? "tool", status: text(raw["status"]) }),
};

export const itemKind = (item: ItemView): ItemKind => {
  const known = KINDS[item.type];
  if (known) return known(item);
  const title = item.type === "unknown" ? "Output" : item.type.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return { kind: "other", title, status: text(item.raw["status"]) };
};

/** The first line of a thought, which Codex writes as a heading in bold. */
const thoughtTitle = (thought: string): string => {
  const line = thought.split("\n").find((part) => part.trim() !== "") ?? "";
  return line.replaceAll(/^[#*\s]+|[*\s]+$/g, "").slice(0, 120);
};

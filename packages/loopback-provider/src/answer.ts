import type { Hold } from "./gates.ts";

/** Tokens the model claims to have used; missing members are counted from the text. */
export interface AnswerUsage {
  readonly inputTokens?: number;
  readonly cachedInputTokens?: number;
  readonly outputTokens?: number;
  readonly reasoningOutputTokens?: number;
}

/** A call of a tool by the model. `input` makes it a custom (free-form) tool call such as `apply_patch`. */
export interface ToolCall {
  readonly name: string;
  /** Of tools that Codex offers as a group: those of an MCP server, `mcp__<server>`. */
  readonly namespace?: string;
  /** Arguments of a function call; an object is written as JSON. */
  readonly arguments?: Record<string, unknown> | string;
  readonly input?: string;
}

/** An HTTP refusal instead of an answer. An object body is written as JSON. */
export interface HttpFailure {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * How an answer goes wrong: refused by status; `cut` = connection ended in the middle of the stream;
 * `hang` = headers, then silence until the client leaves; `reset` = TCP reset (before the headers unless
 * `failAfter` is given); `{ failed }` = a `response.failed` event with that error.
 */
export type Failure = HttpFailure | { readonly failed: { code: string; message?: string } } | "cut" | "hang" | "reset";

/** What the model answers to one request. Everything is optional: `{}` is an empty answer. */
export interface Answer {
  readonly text?: string;
  /** The deltas, each taken when it is due, after pacing and hold (a generator may be endless or read a clock). Default: `text` by words. */
  readonly chunks?: Iterable<string>;
  /** Milliseconds before the first byte. */
  readonly delayMs?: number;
  /** Milliseconds from delta to delta on an absolute schedule; 0 = flat out. */
  readonly deltaIntervalMs?: number;
  /** Text of a reasoning item streamed before the answer. */
  readonly reasoning?: string;
  /** Hold the stream once `hold.after` deltas are sent, until the gate opens. */
  readonly hold?: Hold;
  readonly toolCalls?: readonly ToolCall[];
  readonly fail?: Failure;
  /** Deltas sent before `fail` strikes; 0 unless given. */
  readonly failAfter?: number;
  readonly usage?: AnswerUsage;
}

/** Splits text into deltas of a word with its following space: joined they are the text. */
export function splitIntoDeltas(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

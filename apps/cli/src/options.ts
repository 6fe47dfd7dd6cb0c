import fs from "node:fs";
import path from "node:path";
import type { ApprovalPolicy, SandboxMode } from "@baa/contracts";
import type * as z from "zod";
import { usageError } from "./errors.ts";
import { tryParseDuration } from "./output/time.ts";
import type { OptionDef } from "./verb.ts";

/** A whole number from `min` to `max`. */
export const wholeNumber =
  (min: number, max: number) =>
  (word: string): number => {
    const value = /^\d{1,9}$/.test(word) ? Number(word) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw usageError(`${word} is no number from ${min} to ${max}`);
  };

/** A duration in milliseconds. */
export const durationMs = (word: string): number => {
  const ms = tryParseDuration(word);
  if (ms === undefined) throw usageError(`${word} is no duration: give seconds, or a number with ms, s, m, h or d`);
  return ms;
};

/** From where on a feed is read. */
export const AFTER: OptionDef = {
  flags: "--after <cursor>",
  summary: "from the event behind this one: <seq> or <logId>:<seq>; 0 = the oldest",
  parse: (word) => {
    if (/^([A-Za-z0-9_-]+:)?\d{1,15}$/.test(word)) return word;
    throw usageError(`${word} is no cursor: give <seq> or <logId>:<seq>`);
  },
};

/** Settings of a new session, as options. */
export interface SessionOptions {
  readonly cwd?: string;
  readonly model?: string;
  readonly sandbox?: z.infer<typeof SandboxMode>;
  readonly approvalPolicy?: z.infer<typeof ApprovalPolicy>;
  readonly title?: string;
}

export const SESSION_OPTIONS: readonly OptionDef[] = [
  { flags: "--cwd <dir>", summary: "where Codex works (`.` = here); without it in a scratch directory of the service" },
  { flags: "--model <name>", summary: "the model; else Codex's own setting" },
  {
    flags: "--sandbox <mode>",
    summary: "what commands may touch; the service's policy says what can be asked for",
    choices: ["read-only", "workspace-write", "danger-full-access"],
  },
  {
    flags: "--approval-policy <policy>",
    summary: "when Codex asks before it acts",
    choices: ["untrusted", "on-request", "never"],
  },
  { flags: "--title <text>", summary: "the session's title" },
];

/** The settings as the service takes them; what was not given stays out. `here`: where the command was given. */
export const sessionSettings = (o: SessionOptions, here: string) => ({
  ...(o.cwd === undefined ? {} : { cwd: path.resolve(here, o.cwd) }),
  ...(o.model === undefined ? {} : { model: o.model }),
  ...(o.sandbox === undefined ? {} : { sandbox: o.sandbox }),
  ...(o.approvalPolicy === undefined ? {} : { approvalPolicy: o.approvalPolicy }),
  ...(o.title === undefined ? {} : { title: o.title }),
});

/** What one turn may be given, as options. */
export interface TurnOptions {
  readonly timeout?: number;
  readonly schema?: Record<string, unknown>;
}

export const TURN_OPTIONS: readonly OptionDef[] = [
  {
    flags: "--timeout <duration>",
    summary: "after so long (90s, 10m, 2h) the service interrupts the turn",
    parse: durationMs,
  },
  {
    flags: "--schema <file>",
    summary: "a JSON schema for the answer: it is asked for, and checked when it is complete",
    parse: (file) => readSchema(file),
  },
];

/** A turn as the service takes it. */
export const turnBody = (o: TurnOptions, input: string) => ({
  input,
  ...(o.timeout === undefined ? {} : { timeoutMs: o.timeout }),
  ...(o.schema === undefined ? {} : { outputSchema: o.schema }),
});

const readSchema = (file: string): Record<string, unknown> => {
  let value: unknown;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw usageError(`${file}: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw usageError(`${file} holds no JSON object`);
};

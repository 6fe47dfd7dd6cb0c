import { APPROVAL_ARGUMENT } from "../arguments.ts";
import { usageError } from "../errors.ts";
import { type OptionDef, verb } from "../verb.ts";

export interface ApproveOptions {
  readonly note?: string;
  readonly session?: true;
  readonly answer?: readonly string[];
  readonly content?: unknown;
}

export interface DeclineOptions {
  readonly note?: string;
  readonly cancel?: true;
}

const NOTE: OptionDef = { flags: "--note <text>", summary: "why; it is kept with the decision" };
const exits = { failed: "somebody else decided first, or this cannot be decided like that" };

export const approve = verb<[string], ApproveOptions>({
  name: "approve",
  group: "sessions",
  summary: "say yes to what Codex asks, or answer its question",
  about: ["The first decision wins. Nothing is approved by default; what nobody decides is declined after a day."],
  arguments: [APPROVAL_ARGUMENT],
  options: [
    NOTE,
    { flags: "--session", summary: "also to the same for the rest of its session" },
    {
      flags: "--answer <text...>",
      summary: "answers to its questions, in their order or as id=text; the number of an option stands for it",
    },
    { flags: "--content <json>", summary: "what a tool asked for, as JSON that fits its schema", parse: parseJson },
  ],
  json: "`{approval}`",
  exits,
  examples: ['baa approve 1f2e3d4c --note "only this once"', 'baa approve 1f2e3d4c --answer "blue" size=2'],
  run: async (context, [given], options) => (await import("../approvals/approve.ts")).approve(context, given, options),
});

export const decline = verb<[string], DeclineOptions>({
  name: "decline",
  group: "sessions",
  summary: "say no to what Codex asks; its turn goes on without it",
  arguments: [APPROVAL_ARGUMENT],
  options: [NOTE, { flags: "--cancel", summary: "also end the turn" }],
  json: "`{approval}`",
  exits,
  run: async (context, [given], options) => (await import("../approvals/approve.ts")).decline(context, given, options),
});

function parseJson(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch (error) {
    throw usageError(`it is not JSON: ${(error as Error).message}`);
  }
}

import { SESSION_OPTIONS, type SessionOptions, TURN_OPTIONS, type TurnOptions } from "../options.ts";
import { verb } from "../verb.ts";

export interface AskOptions extends SessionOptions, TurnOptions {
  readonly session?: string;
  readonly waitApprovals?: true;
}

export const ask = verb<[readonly string[]], AskOptions>({
  name: "ask",
  group: "talk",
  summary: "ask one thing, wait for the answer and print it",
  about: [
    "Only the answer goes to stdout: word by word on a terminal, else whole at the end. The prompt is the words given, or stdin with `-`. Without --session it gets a session of its own.",
    "The turn is accepted once, also when a service is restarted in the middle; the answer then goes on from where it stood. The first Ctrl-C interrupts the turn, the second one leaves.",
    "When Codex asks for a decision: on a terminal you are asked; else the exit code is 5 and the turn waits (--wait-approvals waits with it).",
  ],
  arguments: [{ name: "[prompt...]", summary: "what to ask; `-` reads it from stdin" }],
  options: [
    { flags: "-s, --session <id>", summary: "in this session; its settings stay as they are" },
    ...SESSION_OPTIONS,
    ...TURN_OPTIONS,
    { flags: "--wait-approvals", summary: "wait while somebody else decides" },
  ],
  json: "`{outcome, turn, approval?}`; the outcome is the turn's state, or `approvalNeeded`",
  exits: {
    ok: "the turn completed (with --schema: and its answer fits)",
    turnInterrupted: "it was interrupted: by Ctrl-C, --timeout, somebody else, or since Codex died under it",
  },
  examples: [
    'baa ask "What does this repository do?" --cwd .',
    "git diff | baa ask - --schema review.json --json",
    'baa ask --session 1f2e3d4c "And in one sentence?"',
  ],
  run: async (context, [words], options) => (await import("../ask/ask.ts")).ask(context, words, options),
});

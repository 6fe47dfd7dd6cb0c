import { TURN_TEXT_CHARS_MAX, type TurnInput } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { EventLog } from "@baa/storage";

/** A text item as Codex's turn/start and turn/steer take it. */
export interface CodexTextInput {
  readonly type: "text";
  readonly text: string;
  readonly text_elements: never[];
}

/**
 * The caller's input in Codex's form. Throws `invalid` for what Codex would accept although it must
 * not: blank text (it would call the model) and more characters than it takes.
 */
export const toCodexInput = (input: TurnInput): CodexTextInput[] => {
  const items = typeof input === "string" ? [{ type: "text" as const, text: input }] : input;
  const chars = items.reduce((sum, item) => sum + item.text.length, 0);
  if (!items.some((item) => item.text.trim() !== "")) throw new ProblemError("invalid", "input is blank.");
  if (chars > TURN_TEXT_CHARS_MAX) {
    throw new ProblemError("invalid", `input has ${chars} characters; Codex takes at most ${TURN_TEXT_CHARS_MAX}.`);
  }
  return items.map((item) => ({ type: "text", text: item.text, text_elements: [] }));
};

/** The input of an accepted turn, read back from the log (checkpoints hold no text). */
export const readTurnInput = (log: EventLog, acceptedSeq: number): TurnInput | undefined => {
  const frame = log.read(acceptedSeq - 1, { maxRecords: 1, maxBytes: 1 }).frames[0];
  if (frame?.seq !== acceptedSeq) return undefined;
  return (JSON.parse(frame.bytes.toString()) as { data: { input?: TurnInput } }).data.input;
};

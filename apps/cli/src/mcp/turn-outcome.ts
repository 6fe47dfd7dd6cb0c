import { Approval, Turn, TurnDetail, TurnItem } from "@baa/contracts";
import * as z from "zod";
import type { Service } from "../service.ts";
import type { ToolAnswer } from "./tool.ts";
import { made } from "./made.ts";

/** A turn without its items, which may be megabytes of output; with them when asked for. */
const TurnView = z.looseObject({
  ...made(Turn).shape,
  text: made(TurnDetail).shape.text.describe("What Codex answered, as far as it has come"),
  items: z.array(TurnItem).optional(),
});

/** What a call about a turn gives back. */
export const TurnOutcome = z.looseObject({
  turn: TurnView,
  /** Decisions that it waits for. */
  approvals: z.array(Approval).optional(),
  next: z.string().optional().describe("What to do now, when the turn has not completed"),
});
export type TurnOutcome = z.infer<typeof TurnOutcome>;

/** What came of a turn: its text, the decisions that it waits for, and the next step. */
export const outcomeOf = async (
  { codex }: Pick<Service, "codex">,
  detail: TurnDetail,
  o: { withItems?: boolean } = {},
): Promise<TurnOutcome> => {
  const { items, ...rest } = detail;
  const turn = o.withItems === true ? { ...rest, items } : rest;
  const approvals = detail.state === "awaitingApproval" ? await pendingOf(codex, detail) : undefined;
  const next = nextStep(detail);
  return { turn, ...(approvals ? { approvals } : {}), ...(next === undefined ? {} : { next }) };
};

const pendingOf = async (codex: Service["codex"], { id, sessionId }: TurnDetail): Promise<Approval[]> => {
  const { approvals } = await codex.listApprovals({ query: { state: "pending", sessionId } });
  return approvals.filter(({ turnId }) => turnId === id);
};

const nextStep = ({ state, id, sessionId, error, reason }: TurnDetail): string | undefined => {
  const ids = `sessionId ${sessionId} and turnId ${id}`;
  switch (state) {
    case "completed":
      return undefined;
    case "awaitingApproval":
      return `The turn waits for a decision: see \`approvals\`. A person decides with \`baa approve\` or on the status page; then call wait_turn with ${ids}.`;
    case "failed":
      return `The turn failed${error ? `: ${error.message}` : ""}. ${error?.retryable === true ? "The same input may be sent again." : "Change what the error names before you send it again."}`;
    case "interrupted":
      return `The turn was interrupted${reason === undefined ? "" : ` (${reason})`}; what it did until then stays. Start another one to go on.`;
    case "lost":
      return "Nobody knows how the turn ended, and it is not sent again. Look at what it changed before you start another one.";
    default:
      return `The turn goes on. Call wait_turn with ${ids}, steer_turn to add something, or interrupt_turn to end it.`;
  }
};

/** The answer, then all but the answer: a client that knows no structured content needs the ids. */
export const turnAnswer = (value: TurnOutcome): ToolAnswer<TurnOutcome> => {
  const { text, ...turn } = value.turn;
  const facts = JSON.stringify({ ...value, turn });
  return { value, texts: text === "" ? [facts] : [text, facts] };
};

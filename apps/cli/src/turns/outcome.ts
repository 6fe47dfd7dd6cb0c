import type { TerminalTurnState, Turn } from "@baa/contracts";
import type { ExitName } from "../exit-codes.ts";

const EXIT_OF: Readonly<Record<TerminalTurnState, ExitName>> = {
  completed: "ok",
  failed: "turnFailed",
  interrupted: "turnInterrupted",
  lost: "turnLost",
};

/** The exit of a turn's state; one that has not ended has none of its own. */
export const exitOfTurn = ({ state }: Pick<Turn, "state">): ExitName =>
  state in EXIT_OF ? EXIT_OF[state as TerminalTurnState] : "failed";

/** Why a turn ended as it did, in one sentence; undefined when it completed. */
export const whyEnded = (turn: Pick<Turn, "state" | "reason" | "error">): string | undefined => {
  if (turn.state === "completed") return undefined;
  const { error, reason } = turn;
  const why = error === undefined ? reason : `${error.code}: ${error.message}`;
  const again = error?.retryable === true ? " It may be asked again." : "";
  return `the turn ${turn.state === "failed" ? "failed" : `was ${turn.state}`}${why === undefined ? "" : ` (${why})`}.${again}`;
};

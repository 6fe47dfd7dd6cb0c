import { ProblemReply } from "@baa/client";
import type { StartTurn, Turn, TurnDetail } from "@baa/contracts";
import { awaitTurn } from "./await-turn.ts";
import { isTakenBack } from "./taken-back.ts";
import type { ToolCall } from "./tool.ts";

export interface RunTurnOptions {
  readonly sessionId: string;
  readonly start: StartTurn | { readonly input: StartTurn["input"]; readonly ifBusy?: StartTurn["ifBusy"] };
  readonly waitMs: number;
}

/**
 * Starts a turn and waits for its end, a decision, or the end of the time. A request that is taken back interrupts the
 * turn; a client that is merely gone does not: the turn goes on and can be read later.
 */
export const runTurn = async (call: ToolCall, { sessionId, start, waitMs }: RunTurnOptions): Promise<TurnDetail> => {
  const { service, signal, progress, log } = call;
  // Without the signal: a start that is under way must end with an id, or there is nothing to interrupt.
  const { turn } = await service.codex.startTurn({ params: { sessionId }, body: start });
  const onTrouble = (error: unknown): void => log(`events of ${turn.id}: ${(error as Error).message}`);
  try {
    signal.throwIfAborted();
    return await awaitTurn({ service, turn, waitMs, stopsAtApproval: true, progress, signal, onTrouble });
  } catch (error) {
    if (isTakenBack(signal)) await interrupt(call, turn);
    throw error;
  }
};

const interrupt = async ({ service, log }: ToolCall, { id, sessionId }: Turn): Promise<void> => {
  try {
    await service.codex.interruptTurn({ params: { sessionId, turnId: id } });
    log(`${id}: interrupted, since the client took its request back`);
  } catch (error) {
    if (error instanceof ProblemReply && error.code === "turn_ended") return;
    log(`${id}: the client took its request back, and the turn could not be interrupted: ${(error as Error).message}`);
  }
};

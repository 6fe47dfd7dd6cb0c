import { isTerminalTurnState } from "@baa/contracts";
import type { Context } from "../context.ts";
import { CliError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { patiently } from "../patience.ts";
import { interruptTurn } from "../turns/run-turn.ts";
import { activeTurn } from "./active-turn.ts";

/** The service ends a turn within 10 s or has it fail as stalled; longer than that is a fault. */
const END_WAIT_MS = 30_000;

/** `baa interrupt`: ends the turn that runs. */
export const interrupt = async (context: Context, given: string, o: { readonly wait: boolean }): Promise<ExitName> => {
  const service = await context.connect();
  const { id: turnId, sessionId } = await activeTurn(context, service, given);
  await interruptTurn(context, service, { id: turnId, sessionId });
  const { turn } = await patiently(context, () =>
    service.codex.readTurn({
      params: { sessionId, turnId },
      query: { waitMs: o.wait ? END_WAIT_MS : 0 },
      signal: context.signal,
    }),
  );
  if (o.wait && !isTerminalTurnState(turn.state))
    throw new CliError(
      "failed",
      "not_ended",
      `${turnId} was asked to end and is still ${turn.state}; baa status says how Codex is.`,
    );
  await context.out.result({ turn }, [`${turnId} ${o.wait ? turn.state : "was asked to end"}`]);
  return "ok";
};

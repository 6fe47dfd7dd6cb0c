import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { readPrompt } from "../input/prompt.ts";
import { patiently } from "../patience.ts";
import { activeTurn } from "./active-turn.ts";

/** `baa steer`: more input for the turn that runs. */
export const steer = async (context: Context, given: string, words: readonly string[]): Promise<ExitName> => {
  const input = await readPrompt(context, words);
  const service = await context.connect();
  const { id: turnId, sessionId } = await activeTurn(context, service, given);
  const reply = await patiently(context, (idempotencyKey) =>
    service.codex.steerTurn({
      params: { sessionId, turnId },
      body: { input },
      idempotencyKey,
      signal: context.signal,
    }),
  );
  await context.out.result(reply, [reply.inputId]);
  return "ok";
};

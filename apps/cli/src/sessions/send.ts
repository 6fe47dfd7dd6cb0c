import type { StartTurn } from "@baa/contracts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveSession } from "../ids.ts";
import { readPrompt } from "../input/prompt.ts";
import { turnBody, type TurnOptions } from "../options.ts";
import { startTurn } from "../turns/start-turn.ts";

interface Sent {
  /** The session, perhaps shortened. */
  readonly given: string;
  readonly words: readonly string[];
  readonly options: TurnOptions & { readonly ifBusy: StartTurn["ifBusy"] };
}

/** `baa send`: a turn that nobody waits for. */
export const send = async (context: Context, { given, words, options }: Sent): Promise<ExitName> => {
  const prompt = await readPrompt(context, words);
  const service = await context.connect();
  const sessionId = await resolveSession(service.codex, given, context.signal);
  const body = { ...turnBody(options, prompt), ifBusy: options.ifBusy };
  const started = await startTurn(context, service, { sessionId, body });
  await context.out.result(started, [started.turn.id]);
  return "ok";
};

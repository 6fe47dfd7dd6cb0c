import type { Context } from "../context.ts";
import { CliError } from "../errors.ts";
import { resolveSession } from "../ids.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";

/** The turn that is in progress in a session. Throws CliError `failed` when none is. */
export const activeTurn = async (
  context: Context,
  { codex }: Service,
  given: string,
): Promise<{ id: string; sessionId: string }> => {
  const sessionId = await resolveSession(codex, given, context.signal);
  const { session } = await patiently(context, () =>
    codex.readSession({ params: { sessionId }, signal: context.signal }),
  );
  if (session.activeTurnId !== undefined) return { id: session.activeTurnId, sessionId };
  throw new CliError("failed", "no_turn", `no turn is in progress in ${sessionId}; it is ${session.state}.`);
};

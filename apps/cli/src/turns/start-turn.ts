import type { StartTurn, Turn } from "@baa/contracts";
import type { Context } from "../context.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";

/** A turn that was accepted, and the place in the event log from which all of its events come. */
export interface StartedTurn {
  readonly turn: Turn;
  /** `<logId>:<seq>` */
  readonly after: string;
}

/** Where codexd's event log stands now. */
export const headCursor = async (context: Context, { codex }: Service): Promise<string> => {
  const { logId, headSeq } = await patiently(context, () =>
    codex.events({ query: { limit: 1 }, signal: context.signal }),
  );
  return `${logId}:${headSeq}`;
};

type Body = Pick<StartTurn, "input"> & Partial<StartTurn>;

/** Starts a turn, once, whatever is restarted meanwhile. Throws what the service refuses it with. */
export const startTurn = async (
  context: Context,
  service: Service,
  o: { readonly sessionId: string; readonly body: Body },
): Promise<StartedTurn> => {
  const after = await headCursor(context, service);
  const params = { sessionId: o.sessionId };
  const { turn } = await patiently(context, (idempotencyKey) =>
    service.codex.startTurn({ params, body: o.body, idempotencyKey, signal: context.signal }),
  );
  return { turn, after };
};

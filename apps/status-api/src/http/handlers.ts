import type { Status, STATUS_OWN_ROUTES } from "@baa/contracts";
import { type HandlerReply, type Handlers, type NotReadyReason, readyzReply, type RouteContext } from "@baa/http";
import type { ConductorSource } from "../sources/conductor.ts";
import type { LastKnown } from "../views/last-known.ts";

export interface HandlerDependencies {
  readonly conductor: ConductorSource;
  readonly lastKnown: LastKnown;
  /** Empty = ready. */
  readonly reasons: () => NotReadyReason[];
  readonly status: () => Promise<Status>;
  readonly metrics: () => Promise<HandlerReply>;
  readonly openapi: () => unknown;
}

/** One handler for each row that status-api answers itself. */
export const createHandlers = (o: HandlerDependencies): Handlers<typeof STATUS_OWN_ROUTES> => {
  const { conductor } = o;
  /** What codexd says through conductor, or said last. */
  const view = async (c: RouteContext, ask: Parameters<typeof conductor.ask<object>>[0]): Promise<HandlerReply> => {
    const key = `${c.canonicalPath} ${JSON.stringify(c.query ?? {})}`;
    return { body: await o.lastKnown.read(key, () => conductor.ask(ask)) };
  };
  return {
    healthz: () => ({ body: { status: "ok" } }),
    readyz: () => readyzReply(o.reasons()),
    openapi: () => ({ body: o.openapi() }),
    metrics: o.metrics,
    status: async () => ({ body: await o.status() }),
    listSessions: (c) => view(c, (client, options) => client.codexListSessions({ query: c.query, ...options })),
    readSession: (c) => view(c, (client, options) => client.codexReadSession({ params: c.params, ...options })),
    listTurns: (c) =>
      view(c, (client, options) => client.codexListTurns({ params: c.params, query: c.query, ...options })),
    readTurn: (c) => view(c, (client, options) => client.codexReadTurn({ params: c.params, ...options })),
    listApprovals: (c) => view(c, (client, options) => client.codexListApprovals({ query: c.query, ...options })),
  };
};

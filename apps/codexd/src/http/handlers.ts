import type { CODEXD_ROUTES, CodexdStatus, ProblemCode } from "@baa/contracts";
import { type HandlerReply, type Handlers, ProblemError, type RouteContext } from "@baa/http";
import { StorageFullError } from "@baa/storage";
import type { Core } from "../core.ts";
import type { ReplyMark, StoredReply } from "../idempotency.ts";
import type { Readiness } from "../readiness.ts";

export interface HandlerDependencies {
  /** Undefined while stored data is damaged: then only health and status answer. */
  readonly core: () => Core | undefined;
  readonly readiness: Readiness;
  readonly status: (full: boolean) => CodexdStatus;
  readonly metrics: () => Promise<HandlerReply>;
  readonly openapi: () => unknown;
}

type CodexdHandlers = Handlers<typeof CODEXD_ROUTES>;

/** One handler a row of the table; each is a call of a service and the words around it. */
export const createHandlers = (o: HandlerDependencies): CodexdHandlers => {
  const cores: Cores = { core: () => coreOf(o), writable: () => writableCoreOf(o) };
  return {
    ...healthHandlers(o),
    ...sessionHandlers(cores),
    ...turnHandlers(cores),
    ...approvalHandlers(cores),
  };
};

/** Where reads go, and where commands go. */
interface Cores {
  readonly core: () => Core;
  readonly writable: () => Core;
}

const coreOf = (o: HandlerDependencies): Core => {
  const core = o.core();
  if (core) return core;
  throw degraded(o.readiness);
};

/** While anything stored is damaged, commands are refused by its name, though the log itself may be whole. */
const writableCoreOf = (o: HandlerDependencies): Core => {
  if (o.readiness.damage) throw degraded(o.readiness);
  return coreOf(o);
};

const degraded = (readiness: Readiness): ProblemError => new ProblemError("degraded", readiness.reasons()[0]?.message);

const healthHandlers = (o: HandlerDependencies) =>
  ({
    healthz: () => ({ body: { status: "ok" } }),
    readyz: () => {
      const reasons = o.readiness.reasons();
      return reasons.length === 0
        ? { body: { status: "ready", reasons } }
        : { status: 503, body: { status: "notReady", reasons }, headers: { "retry-after": "5" } };
    },
    status: (c) => ({ body: o.status(c.credential?.scopes.has("read") ?? false) }),
    metrics: () => o.metrics(),
    openapi: () => ({ body: o.openapi() }),
  }) satisfies Partial<CodexdHandlers>;

const sessionHandlers = ({ core, writable }: Cores) =>
  ({
    listSessions: async (c) => {
      await core().journal.settled();
      const { rows, nextCursor } = core().sessions.list(c.query);
      return { body: { sessions: rows, nextCursor, asOfSeq: core().journal.log.head() } };
    },
    createSession: (c) =>
      keyed(writable(), c, c.body, async (mark) => ({
        status: 201,
        body: { session: await core().sessions.create(c.body, mark) },
      })),
    readSession: async (c) => {
      await core().journal.settled();
      return { body: { session: core().sessions.view(c.params.sessionId) } };
    },
    deleteSession: (c) =>
      keyed(writable(), c, undefined, async (mark) => ({
        status: 200,
        body: { session: await core().sessions.delete(c.params.sessionId, mark) },
      })),
  }) satisfies Partial<CodexdHandlers>;

const turnHandlers = ({ core, writable }: Cores) =>
  ({
    listTurns: async (c) => {
      await core().journal.settled();
      const { rows, nextCursor } = core().turns.list(c.params.sessionId, c.query);
      return { body: { turns: rows, nextCursor, asOfSeq: core().journal.log.head() } };
    },
    startTurn: (c) =>
      keyed(writable(), c, c.body, async (mark) => {
        const { sessionId } = c.params;
        if (c.body.ifBusy === "steer") {
          const { activeTurnId } = core().sessions.view(sessionId);
          if (activeTurnId)
            return { status: 202, body: await core().turns.steer(sessionId, activeTurnId, c.body.input, mark) };
        }
        return { status: 202, body: { turn: await core().turns.start(sessionId, c.body, mark) } };
      }),
    readTurn: async (c) => {
      await core().journal.settled();
      return { body: { turn: await core().turns.read(c.params.sessionId, c.params.turnId, c.query.waitMs) } };
    },
    steerTurn: (c) =>
      keyed(writable(), c, c.body, async (mark) => ({
        status: 202,
        body: await core().turns.steer(c.params.sessionId, c.params.turnId, c.body.input, mark),
      })),
    interruptTurn: (c) =>
      keyed(writable(), c, undefined, async (mark) => ({
        status: 202,
        body: { turn: await core().turns.interrupt(c.params.sessionId, c.params.turnId, mark) },
      })),
  }) satisfies Partial<CodexdHandlers>;

const approvalHandlers = ({ core, writable }: Cores) =>
  ({
    listApprovals: async (c) => {
      await core().journal.settled();
      const { rows, nextCursor } = core().approvals.list(c.query);
      return { body: { approvals: rows, nextCursor, asOfSeq: core().journal.log.head() } };
    },
    readApproval: async (c) => {
      await core().journal.settled();
      return { body: { approval: core().approvals.view(core().approvals.get(c.params.approvalId)) } };
    },
    decideApproval: (c) =>
      keyed(writable(), c, c.body, async (mark) => ({
        status: 200,
        body: { approval: await core().approvals.decide(c.params.approvalId, c.body, mark) },
      })),
  }) satisfies Partial<CodexdHandlers>;

/** Runs a command once per Idempotency-Key; without a key every request is new (I1). */
const keyed = async (
  core: Core,
  c: RouteContext,
  body: unknown,
  run: (mark: ReplyMark | undefined) => Promise<StoredReply>,
): Promise<StoredReply> => {
  if (c.idempotencyKey === undefined) return storageAware(() => run(undefined));
  const claim = core.idempotency.claim({
    key: c.idempotencyKey,
    credentialId: c.credential?.id ?? "none",
    method: c.request.method,
    canonicalPath: c.canonicalPath,
    body,
  });
  if (claim.kind === "replay") {
    await core.journal.settled();
    return replayed(claim.reply);
  }
  try {
    return await storageAware(() => run(claim.mark));
  } finally {
    claim.release();
  }
};

/** A refusal that was stored is refused again, in the same words. */
const replayed = (reply: StoredReply): StoredReply => {
  if (reply.status < 400) return reply;
  const { code, detail } = reply.body as { code: ProblemCode; detail?: string };
  throw new ProblemError(code, detail);
};

const storageAware = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StorageFullError)
      throw new ProblemError("storage_full", undefined, { retryAfterS: 5, cause: error });
    throw error;
  }
};

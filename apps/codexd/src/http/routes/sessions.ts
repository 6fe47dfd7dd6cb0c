import type { Cores } from "../cores.ts";
import type { CodexdHandlers } from "../handlers.ts";
import { keyed } from "../keyed.ts";

export const sessionHandlers = ({ core, writable }: Cores) =>
  ({
    listSessions: async (c) => {
      const { q, state } = c.query;
      const hits = q === undefined ? undefined : await core().sessionSearch.find(q, state === "archived");
      await core().journal.settled();
      const { rows, nextCursor } = core().sessions.list(c.query, hits?.sessionIds);
      const partial = hits?.isPartial ? { partial: ["codex"] } : {};
      return { body: { sessions: rows, nextCursor, asOfSeq: core().journal.log.head(), ...partial } };
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

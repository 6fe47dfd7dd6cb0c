import { ProblemError } from "@baa/http";
import type { Cores } from "../cores.ts";
import type { CodexdHandlers } from "../handlers.ts";
import { keyed } from "../keyed.ts";

const STEER_SCHEMA = "The turn in progress was begun without this outputSchema; it cannot be steered to it.";

export const turnHandlers = ({ core, writable }: Cores) =>
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
          if (activeTurnId) {
            if (c.body.outputSchema) throw new ProblemError("invalid", STEER_SCHEMA);
            return { status: 202, body: await core().turns.steer(sessionId, activeTurnId, c.body.input, mark) };
          }
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

import type { Cores } from "../cores.ts";
import type { CodexdHandlers } from "../handlers.ts";
import { keyed } from "../keyed.ts";

export const runHandlers = ({ core, writable }: Cores) =>
  ({
    listRuns: async (c) => {
      await core().journal.settled();
      const { rows, nextCursor } = core().runs.list(c.query);
      return { body: { runs: rows, nextCursor, asOfSeq: core().journal.log.head() } };
    },
    createRun: (c) =>
      keyed(writable(), c, c.body, async (mark) => ({
        status: 202,
        body: { run: await core().runs.create(c.body, mark) },
      })),
    readRun: async (c) => {
      await core().journal.settled();
      return { body: { run: await core().runs.read(c.params.codexRunId, c.query.waitMs) } };
    },
    cancelRun: (c) =>
      keyed(writable(), c, undefined, async (mark) => ({
        status: 202,
        body: { run: await core().runs.cancel(c.params.codexRunId, mark) },
      })),
  }) satisfies Partial<CodexdHandlers>;

import type { Cores } from "../cores.ts";
import type { CodexdHandlers } from "../handlers.ts";
import { keyed } from "../keyed.ts";

export const fileHandlers = ({ core, writable }: Cores) =>
  ({
    listFiles: async (c) => {
      await core().journal.settled();
      const files = core().files.list(c.params.sessionId);
      return { body: { files, nextCursor: null, asOfSeq: core().journal.log.head() } };
    },
    uploadFile: (c) =>
      keyed(writable(), c, c.body, async (mark) => ({
        status: 201,
        body: { file: await core().files.add(c.params.sessionId, c.body, mark) },
      })),
  }) satisfies Partial<CodexdHandlers>;

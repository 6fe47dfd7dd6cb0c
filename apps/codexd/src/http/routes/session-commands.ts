import type { Cores } from "../cores.ts";
import type { CodexdHandlers } from "../handlers.ts";
import { keyed } from "../keyed.ts";

export const sessionCommandHandlers = ({ core, writable }: Cores) =>
  ({
    resumeSession: (c) =>
      keyed(writable(), c, undefined, async (mark) => ({
        status: 200,
        body: { session: await core().sessionCommands.resume(c.params.sessionId, mark) },
      })),
    forkSession: (c) =>
      keyed(writable(), c, c.body, async (mark) => ({
        status: 201,
        body: { session: await core().sessionForks.fork(c.params.sessionId, c.body ?? {}, mark) },
      })),
    archiveSession: (c) =>
      keyed(writable(), c, undefined, async (mark) => ({
        status: 200,
        body: { session: await core().sessionCommands.archive(c.params.sessionId, mark) },
      })),
    compactSession: (c) =>
      keyed(writable(), c, undefined, async (mark) => ({
        status: 202,
        body: { session: await core().sessionCommands.compact(c.params.sessionId, mark) },
      })),
    nameSession: (c) =>
      keyed(writable(), c, c.body, async (mark) => ({
        status: 200,
        body: { session: await core().sessionCommands.name(c.params.sessionId, c.body.title, mark) },
      })),
  }) satisfies Partial<CodexdHandlers>;

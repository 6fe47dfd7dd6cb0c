import type { Cores } from "../cores.ts";
import type { CodexdHandlers } from "../handlers.ts";
import { keyed } from "../keyed.ts";

export const approvalHandlers = ({ core, writable }: Cores) =>
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

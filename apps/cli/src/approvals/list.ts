import type { ApprovalsOptions } from "../commands/approvals.ts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveSession } from "../ids.ts";
import { tableLines } from "../output/table.ts";
import { approvalLines, approvalRows } from "./approval-text.ts";

const LIMIT = 100;

/** `baa approvals`. */
export const listApprovals = async (context: Context, o: ApprovalsOptions): Promise<ExitName> => {
  const { codex } = await context.connect();
  const { out, signal } = context;
  const sessionId = o.session === undefined ? undefined : await resolveSession(codex, o.session, signal);
  const state = o.all ? undefined : ("pending" as const);
  const found = await codex.listApprovals({ query: { limit: LIMIT, state, sessionId }, signal });
  const lines = o.all
    ? tableLines(approvalRows(found.approvals, { style: out.style, now: Date.now() }))
    : found.approvals.flatMap((approval) => approvalLines(approval, out.style));
  await out.result(found, lines);
  if (out.json) return "ok";
  if (found.approvals.length === 0) out.note(o.all ? "no approvals" : "nothing is waiting for a decision");
  else if (!o.all) out.note("decide with baa approve ID or baa decline ID, with --note for a reason");
  return "ok";
};

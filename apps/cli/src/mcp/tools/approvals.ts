import { ApprovalDecision, ApprovalId, ApprovalList, ApprovalReply, DecideApproval, SessionId } from "@baa/contracts";
import * as z from "zod";
import { type AnyTool, defineTool, READS } from "../tool.ts";
import { made } from "../made.ts";

const listApprovals = defineTool({
  name: "list_approvals",
  title: "List approvals",
  description:
    "What Codex asks before it goes on: commands, file changes, permissions and questions, newest first. `decisions` says which answers each takes.",
  input: z.strictObject({
    state: z.enum(["pending", "resolved"]).default("pending"),
    sessionId: SessionId.optional().describe("Only those of this session"),
    limit: z.number().int().min(1).max(100).default(20),
    cursor: z.string().max(128).optional().describe("`nextCursor` of the page before"),
  }),
  output: made(ApprovalList),
  annotations: READS,
  run: async (query, { service, signal }) => ({ value: await service.codex.listApprovals({ query, signal }) }),
});

const decideApproval = defineTool({
  name: "decide_approval",
  title: "Decide an approval",
  description:
    "DANGEROUS: `accept` lets Codex run the command or make the change, outside of its sandbox where it asked for that. Ask the person you work for unless they told you to decide. The first answer wins and cannot be taken back.",
  input: z.strictObject({
    approvalId: ApprovalId.describe("Id of a pending approval of list_approvals"),
    decision: ApprovalDecision.describe("One of its `decisions`"),
    note: made(DecideApproval).shape.note.describe("Why; kept with the decision"),
    answers: made(DecideApproval).shape.answers.describe(
      "For a question, with decision `answer`: texts by question id",
    ),
    content: made(DecideApproval).shape.content.describe("For an elicitation: what fits its schema"),
  }),
  output: made(ApprovalReply),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  run: async ({ approvalId, ...body }, { service }) => ({
    value: await service.codex.decideApproval({ params: { approvalId }, body }),
  }),
});

/** The tool that decides is there only when the operator allowed it. */
export const approvalTools = (mayDecide: boolean): readonly AnyTool[] =>
  mayDecide ? [listApprovals, decideApproval] : [listApprovals];

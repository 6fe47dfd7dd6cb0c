import { defineRoutes } from "../../route.ts";
import * as approvals from "../approvals.ts";

/** What Codex asks for, and the answers. */
export const APPROVAL_ROUTES = defineRoutes({
  listApprovals: {
    method: "GET",
    path: "/v1/codexd/approvals",
    summary: "Approvals and questions, newest first",
    scope: "read",
    query: approvals.ApprovalListQuery,
    reply: { status: 200, schema: approvals.ApprovalList },
  },
  readApproval: {
    method: "GET",
    path: "/v1/codexd/approvals/{approvalId}",
    summary: "One approval",
    scope: "read",
    params: approvals.ApprovalParams,
    reply: { status: 200, schema: approvals.ApprovalReply },
  },
  decideApproval: {
    method: "POST",
    path: "/v1/codexd/approvals/{approvalId}",
    summary: "Decide an approval or answer a question; the first answer wins",
    scope: "approve",
    params: approvals.ApprovalParams,
    body: approvals.DecideApproval,
    idempotent: true,
    reply: { status: 200, schema: approvals.ApprovalReply },
  },
});

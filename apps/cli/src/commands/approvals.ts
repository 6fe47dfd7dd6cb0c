import { verb } from "../verb.ts";

export interface ApprovalsOptions {
  readonly session?: string;
  readonly all?: true;
}

export const approvals = verb<[], ApprovalsOptions>({
  name: "approvals",
  group: "sessions",
  summary: "list what Codex asks, with everything that a decision needs",
  options: [
    { flags: "--session <id>", summary: "only of this session" },
    { flags: "--all", summary: "also those that are decided, as a table" },
  ],
  json: "`{approvals, nextCursor, asOfSeq}`",
  run: async (context, _args, options) => (await import("../approvals/list.ts")).listApprovals(context, options),
});

import { ProblemReply } from "@baa/client";
import type { Approval, DecideApproval } from "@baa/contracts";
import type { Context } from "../context.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";

/** Gives an answer, once, whatever is restarted meanwhile. Throws what the service refuses it with. */
export const decide = async (
  context: Context,
  { codex }: Service,
  o: { readonly approvalId: string; readonly body: DecideApproval },
): Promise<Approval> => {
  const params = { approvalId: o.approvalId };
  const { approval } = await patiently(context, (idempotencyKey) =>
    codex.decideApproval({ params, body: o.body, idempotencyKey, signal: context.signal }),
  );
  return approval;
};

/** Whether the refusal says that somebody else was first. */
export const isDecidedAlready = (error: unknown): boolean =>
  error instanceof ProblemReply && error.code === "approval_resolved";

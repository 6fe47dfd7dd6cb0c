import type { Approval, ApprovalDecision, DecideApproval } from "@baa/contracts";
import * as z from "zod";

/** What a request of the child asks, in our terms. */
export interface AskedApproval {
  readonly kind: Approval["kind"];
  readonly threadId: string;
  readonly codexTurnId: string | undefined;
  readonly decisions: ApprovalDecision[];
  readonly details: Record<string, unknown>;
}

const common = { threadId: z.string(), turnId: z.string().nullish(), itemId: z.string().nullish() };
const Command = z.looseObject({
  ...common,
  command: z.string().nullish(),
  cwd: z.string().nullish(),
  reason: z.string().nullish(),
  availableDecisions: z.array(z.unknown()).nullish(),
  proposedExecpolicyAmendment: z.unknown().optional(),
});
const FileChange = z.looseObject({ ...common, reason: z.string().nullish(), grantRoot: z.string().nullish() });
const Permissions = z.looseObject({
  ...common,
  cwd: z.string().nullish(),
  reason: z.string().nullish(),
  permissions: z.unknown(),
});
const Question = z.looseObject({ ...common, questions: z.array(z.looseObject({ id: z.string() })) });
const Elicitation = z.looseObject({
  ...common,
  serverName: z.string(),
  mode: z.string(),
  message: z.string().optional(),
  requestedSchema: z.unknown().optional(),
  url: z.string().optional(),
});

export interface DescribeOptions {
  /** Policy: whether "allow this kind of command for ever" may be offered at all. */
  readonly execpolicyAmendments: boolean;
  /** The patch of a file change stands only in the item that came before the request. */
  readonly changesOf: (itemId: string) => unknown;
}

type Describe = (params: unknown, options: DescribeOptions) => AskedApproval | undefined;

const present = (details: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined && value !== null));

const asked = (
  kind: Approval["kind"],
  p: { threadId: string; turnId?: string | null | undefined; itemId?: string | null | undefined },
  decisions: ApprovalDecision[],
  details: Record<string, unknown>,
): AskedApproval => ({
  kind,
  threadId: p.threadId,
  codexTurnId: p.turnId ?? undefined,
  decisions,
  details: present({ itemId: p.itemId, ...details }),
});

const describeCommand: Describe = (params, options) => {
  const p = Command.safeParse(params);
  if (!p.success) return undefined;
  const offersAmendment = p.data.proposedExecpolicyAmendment != null && options.execpolicyAmendments;
  const decisions: ApprovalDecision[] = ["accept", "acceptForSession", "decline", "cancel"];
  if (offersAmendment) decisions.splice(2, 0, "acceptWithExecpolicyAmendment");
  const { command, cwd, reason } = p.data;
  return asked("command", p.data, decisions, { command, cwd, reason });
};

const describeFileChange: Describe = (params, options) => {
  const p = FileChange.safeParse(params);
  if (!p.success) return undefined;
  const changes = p.data.itemId ? options.changesOf(p.data.itemId) : undefined;
  const { reason, grantRoot } = p.data;
  return asked("fileChange", p.data, ["accept", "acceptForSession", "decline", "cancel"], {
    reason,
    grantRoot,
    changes,
  });
};

const describePermissions: Describe = (params) => {
  const p = Permissions.safeParse(params);
  if (!p.success) return undefined;
  const { cwd, reason, permissions } = p.data;
  return asked("permissions", p.data, ["accept", "acceptForSession", "decline"], { cwd, reason, permissions });
};

const describeQuestion: Describe = (params) => {
  const p = Question.safeParse(params);
  return p.success ? asked("question", p.data, ["answer", "decline"], { questions: p.data.questions }) : undefined;
};

const describeElicitation: Describe = (params) => {
  const p = Elicitation.safeParse(params);
  if (!p.success) return undefined;
  const { serverName, mode, message, requestedSchema, url } = p.data;
  return asked("elicitation", p.data, ["accept", "decline", "cancel"], {
    serverName,
    mode,
    message,
    schema: requestedSchema,
    url,
  });
};

const DESCRIBE: ReadonlyMap<string, Describe> = new Map([
  ["item/commandExecution/requestApproval", describeCommand],
  ["item/fileChange/requestApproval", describeFileChange],
  ["item/permissions/requestApproval", describePermissions],
  ["item/tool/requestUserInput", describeQuestion],
  ["mcpServer/elicitation/request", describeElicitation],
]);

/** A request of the child as an approval; undefined for requests we do not know (they get -32601). */
export const describeRequest = (method: string, params: unknown, options: DescribeOptions): AskedApproval | undefined =>
  DESCRIBE.get(method)?.(params, options);

/** What the child is told for a decision. Fails closed: whatever is not an explicit yes is a no. */
export const responseTo = (kind: Approval["kind"], params: unknown, decided: DecideApproval): unknown => {
  const yes = decided.decision === "accept" || decided.decision === "acceptForSession";
  switch (kind) {
    case "command":
      return { decision: commandDecision(params, decided.decision) };
    case "fileChange":
      return { decision: decided.decision };
    case "permissions":
      return {
        permissions: yes ? (params as { permissions: unknown }).permissions : {},
        scope: decided.decision === "acceptForSession" ? "session" : "turn",
      };
    case "question":
      return { answers: decided.decision === "answer" ? answersOf(decided) : {} };
    case "elicitation":
      return {
        action: yes ? "accept" : decided.decision,
        content: yes ? (decided.content ?? null) : null,
        _meta: null,
      };
  }
};

const commandDecision = (params: unknown, decision: ApprovalDecision): unknown => {
  if (decision !== "acceptWithExecpolicyAmendment") return decision;
  const { proposedExecpolicyAmendment } = params as { proposedExecpolicyAmendment: unknown };
  return { acceptWithExecpolicyAmendment: { execpolicy_amendment: proposedExecpolicyAmendment } };
};

const answersOf = (decided: DecideApproval): Record<string, { answers: string[] }> =>
  Object.fromEntries(Object.entries(decided.answers ?? {}).map(([id, answers]) => [id, { answers }]));

import type { Approval, DecideApproval } from "@baa/contracts";
import type { ApproveOptions, DeclineOptions } from "../commands/approve.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveApproval, shortId } from "../ids.ts";
import type { Service } from "../service.ts";
import { approvalSummary, questionsOf } from "./approval-text.ts";
import { assignAnswers } from "./answers.ts";
import { decide } from "./decide.ts";

/** `baa approve`. */
export const approve = async (context: Context, given: string, o: ApproveOptions): Promise<ExitName> => {
  const service = await context.connect();
  const approval = await find(context, service, given);
  const note = o.note === undefined ? {} : { note: o.note };
  return tell(
    context,
    await decide(context, service, { approvalId: approval.id, body: { ...yes(approval, o), ...note } }),
  );
};

/** `baa decline`. */
export const decline = async (context: Context, given: string, o: DeclineOptions): Promise<ExitName> => {
  const service = await context.connect();
  const approvalId = await resolveApproval(service.codex, given, context.signal);
  const decision = o.cancel ? ("cancel" as const) : ("decline" as const);
  const note = o.note === undefined ? {} : { note: o.note };
  return tell(context, await decide(context, service, { approvalId, body: { decision, ...note } }));
};

const find = async (context: Context, { codex }: Service, given: string): Promise<Approval> => {
  const approvalId = await resolveApproval(codex, given, context.signal);
  return (await codex.readApproval({ params: { approvalId }, signal: context.signal })).approval;
};

/** What a yes is to this kind of question. Throws CliError `usage` when answers are missing or too many. */
const yes = (approval: Approval, o: ApproveOptions): DecideApproval => {
  if (approval.kind !== "question") {
    if (o.answer !== undefined) throw usageError(`${shortId(approval.id)} asks no question; leave --answer out`);
    const decision = o.session ? ("acceptForSession" as const) : ("accept" as const);
    return { decision, ...(o.content === undefined ? {} : { content: o.content }) };
  }
  const questions = questionsOf(approval);
  const answers = assignAnswers(o.answer ?? [], questions);
  const isWhole = answers !== undefined && questions.every(({ id }) => answers[id] !== undefined);
  if (answers !== undefined && isWhole) return { decision: "answer", answers };
  const ids = questions.map(({ id }) => id).join(", ");
  throw usageError(`${shortId(approval.id)} asks ${questions.length} question(s) (${ids}): give one --answer for each`);
};

const tell = async ({ out }: Context, approval: Approval): Promise<ExitName> => {
  await out.result({ approval }, [
    `${shortId(approval.id)} ${approval.decision ?? "resolved"}: ${approvalSummary(approval)}`,
  ]);
  return "ok";
};

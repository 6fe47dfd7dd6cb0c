import { ProblemReply } from "@baa/client";
import type { Approval, FeedEvent, TurnDetail } from "@baa/contracts";
import type { ApprovalDesk } from "../approvals/approval-desk.ts";
import type { Context } from "../context.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";
import { followTurn } from "./follow-turn.ts";

/** What becomes of an approval while a turn is followed. `leave`: the following ends with it; the turn waits. */
export type ApprovalHandling =
  | { readonly kind: "ask"; readonly desk: ApprovalDesk }
  | { readonly kind: "leave" }
  | { readonly kind: "wait" };

export interface RunTurnOptions {
  readonly turn: { readonly id: string; readonly sessionId: string };
  readonly after: string | number;
  /** It was begun by somebody else: what it waits for may have been asked before `after`. */
  readonly isJoined?: boolean;
  readonly onEvent: (event: FeedEvent) => void | Promise<void>;
  readonly approvals: ApprovalHandling;
}

export type TurnResult =
  | { readonly kind: "ended"; readonly turn: TurnDetail }
  | { readonly kind: "approvalNeeded"; readonly approval: Approval };

/**
 * Sees a turn to its end. The first Ctrl-C interrupts the turn and waits for its end, the second one leaves.
 *
 * Throws what `followTurn` and the approval desk throw.
 */
export const runTurn = async (context: Context, service: Service, o: RunTurnOptions): Promise<TurnResult> => {
  const stop = new AbortController();
  let needed: Approval | undefined;
  const takeBack = context.interrupts.on(onCtrlC(context, service, o.turn));
  const onApproval = async (approvalId: string): Promise<void> => {
    if (o.approvals.kind === "ask") return o.approvals.desk.put(approvalId);
    const { approval } = await patiently(context, () =>
      service.codex.readApproval({ params: { approvalId }, signal: context.signal }),
    );
    if (approval.state !== "pending") return undefined;
    if (o.approvals.kind === "wait") return context.out.note(waitNote(approval));
    needed = approval;
    return stop.abort(NEEDED);
  };
  const put = (approvalId: string): void =>
    // Not awaited: while a person thinks, others may decide, and other things happen in the turn.
    void onApproval(approvalId).catch((error: unknown) => stop.abort(error));
  const onEvent = async (event: FeedEvent): Promise<void> => {
    await o.onEvent(event);
    const { approvalId } = event;
    if (approvalId === undefined) return;
    if (event.type === "approval.resolved" && o.approvals.kind === "ask") o.approvals.desk.resolved(approvalId);
    if (event.type === "approval.requested") put(approvalId);
  };
  try {
    if (o.isJoined) for (const approvalId of await pendingOf(context, service, o.turn)) put(approvalId);
    const signal = AbortSignal.any([context.signal, stop.signal]);
    return { kind: "ended", turn: await followTurn(context, service, { ...o, onEvent, signal }) };
  } catch (error) {
    if (needed !== undefined && error === NEEDED) return { kind: "approvalNeeded", approval: needed };
    throw error;
  } finally {
    takeBack();
  }
};

const pendingOf = async (
  context: Context,
  { codex }: Service,
  turn: { readonly id: string; readonly sessionId: string },
): Promise<string[]> => {
  const query = { state: "pending" as const, sessionId: turn.sessionId };
  const { approvals } = await patiently(context, () => codex.listApprovals({ query, signal: context.signal }));
  return approvals.filter(({ turnId }) => turnId === turn.id).map(({ id }) => id);
};

const NEEDED = new Error("an approval is needed");

const waitNote = ({ id }: Approval): string => `waiting for a decision: baa approve ${id}, or baa decline ${id}`;

const onCtrlC = (context: Context, service: Service, turn: RunTurnOptions["turn"]): (() => void) => {
  let isAsked = false;
  return () => {
    if (isAsked) {
      context.out.note(`leaving; the turn may go on: baa tail ${turn.sessionId}`);
      context.interrupts.stop();
      return;
    }
    isAsked = true;
    context.out.note("interrupting the turn; Ctrl-C again leaves at once");
    interruptTurn(context, service, turn).catch((error: unknown) => {
      if (!context.signal.aborted)
        context.out.warn("not_interrupted", error instanceof Error ? error.message : String(error));
    });
  };
};

/** Asks for the end of a turn; that it has ended is no failure. */
export const interruptTurn = async (
  context: Context,
  { codex }: Service,
  turn: { readonly id: string; readonly sessionId: string },
): Promise<void> => {
  try {
    await patiently(context, (idempotencyKey) =>
      codex.interruptTurn({
        params: { sessionId: turn.sessionId, turnId: turn.id },
        idempotencyKey,
        signal: context.signal,
      }),
    );
  } catch (error) {
    if (!(error instanceof ProblemReply) || error.code !== "turn_ended") throw error;
  }
};

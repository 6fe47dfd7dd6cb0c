import { ProblemReply } from "@baa/client";
import { Approval, type Session, TurnState } from "@baa/contracts";
import * as z from "zod";
import type { Service } from "../../service.ts";
import { runTurn } from "../run-turn.ts";
import { type AnyTool, defineTool, type ToolAnswer, type ToolCall } from "../tool.ts";
import { outcomeOf } from "../turn-outcome.ts";
import * as input from "./inputs.ts";

/**
 * The two tools of `codex mcp-server`, which Codex no longer has (0.169.0): `codex` and `codex-reply`, with the arguments
 * and the result that its clients know (`threadId`, `content`), and what only we have beside them.
 */
const Conversation = z.looseObject({
  threadId: z.string().optional().describe("For codex-reply; Codex's own id"),
  content: z.string().describe("What Codex answered"),
  sessionId: z.string().describe("For all other tools, and for codex-reply, too"),
  turnId: z.string(),
  state: TurnState,
  approvals: z.array(Approval).optional(),
  next: z.string().optional().describe("What to do now, when the turn has not completed"),
});
type Conversation = z.infer<typeof Conversation>;

const ACTS = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };

const codex = (defaultWaitMs: number): AnyTool =>
  defineTool({
    name: "codex",
    title: "Run Codex",
    description:
      "Begins a conversation with Codex and returns its answer. Go on with codex-reply. When the work takes longer than `waitMs`, or needs a decision, `state` and `next` say so; nothing is lost.",
    input: z.strictObject({
      prompt: input.prompt.describe("What Codex is to do"),
      cwd: input.cwd,
      model: input.model,
      sandbox: input.sandbox,
      "approval-policy": input.approvalPolicy,
      title: input.title,
      waitMs: input.waitMs(defaultWaitMs),
    }),
    output: Conversation,
    annotations: ACTS,
    run: async ({ prompt, waitMs, "approval-policy": approvalPolicy, ...rest }, call) => {
      const { session } = await call.service.codex.createSession({ body: { ...rest, approvalPolicy } });
      return converse(call, session.id, prompt, waitMs);
    },
  });

const codexReply = (defaultWaitMs: number): AnyTool =>
  defineTool({
    name: "codex-reply",
    title: "Go on with a Codex conversation",
    description: "Says something more in a conversation that `codex` began, or that Codex has from elsewhere.",
    input: z.strictObject({
      threadId: z.string().min(1).max(64).describe("`threadId` or `sessionId` of an earlier result"),
      prompt: input.prompt.describe("What Codex is to do next"),
      waitMs: input.waitMs(defaultWaitMs),
    }),
    output: Conversation,
    annotations: ACTS,
    run: async ({ threadId, prompt, waitMs }, call) =>
      converse(call, await sessionOf(call.service, threadId), prompt, waitMs),
  });

/** Our session of a thread: the one that has it, else a new one that takes it over. */
const sessionOf = async ({ codex: client }: Service, threadId: string): Promise<Session["id"]> => {
  if (threadId.startsWith("ses_")) return threadId;
  try {
    const { session } = await client.createSession({ body: { threadId } });
    return session.id;
  } catch (error) {
    const holder =
      error instanceof ProblemReply && error.code === "thread_adopted" ? error.problem["sessionId"] : undefined;
    if (typeof holder !== "string") throw error;
    return holder;
  }
};

const converse = async (
  call: ToolCall,
  sessionId: string,
  prompt: string,
  waitMs: number,
): Promise<ToolAnswer<Conversation>> => {
  const detail = await runTurn(call, { sessionId, start: { input: prompt }, waitMs });
  const [{ approvals, next }, { session }] = await Promise.all([
    outcomeOf(call.service, detail),
    call.service.codex.readSession({ params: { sessionId } }),
  ]);
  const facts = {
    ...(session.threadId === undefined ? {} : { threadId: session.threadId }),
    sessionId,
    turnId: detail.id,
    state: detail.state,
    ...(approvals ? { approvals } : {}),
    ...(next === undefined ? {} : { next }),
  };
  const answer = detail.text === "" ? [] : [detail.text];
  return { value: { ...facts, content: detail.text }, texts: [...answer, JSON.stringify(facts)] };
};

export const familiarTools = (defaultWaitMs: number): readonly AnyTool[] => [
  codex(defaultWaitMs),
  codexReply(defaultWaitMs),
];

import { SteerReply } from "@baa/contracts";
import * as z from "zod";
import { awaitTurn } from "../await-turn.ts";
import { runTurn } from "../run-turn.ts";
import { type AnyTool, defineTool, READS } from "../tool.ts";
import { outcomeOf, turnAnswer, TurnOutcome } from "../turn-outcome.ts";
import * as input from "./inputs.ts";
import { made } from "../made.ts";

/** Codex works with files, commands and the network, as its sandbox lets it. */
const ACTS = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };

const startTurn = (defaultWaitMs: number): AnyTool =>
  defineTool({
    name: "start_turn",
    title: "Start a turn",
    description:
      "Gives Codex something to do in a session and waits for the end, a decision that is needed, or `waitMs`. Cancelling the call interrupts the turn. One turn at a time: with `ifBusy` it is put behind the running one or added to it.",
    input: z.strictObject({
      sessionId: input.sessionId,
      prompt: input.prompt.describe("What Codex is to do"),
      waitMs: input.waitMs(defaultWaitMs),
      ifBusy: z
        .enum(["reject", "steer", "queue"])
        .default("reject")
        .describe("When the session has a turn in progress"),
    }),
    output: TurnOutcome,
    annotations: ACTS,
    run: async ({ sessionId, prompt, waitMs, ifBusy }, call) => {
      const detail = await runTurn(call, { sessionId, start: { input: prompt, ifBusy }, waitMs });
      return turnAnswer(await outcomeOf(call.service, detail));
    },
  });

const waitTurn = (defaultWaitMs: number): AnyTool =>
  defineTool({
    name: "wait_turn",
    title: "Wait for a turn",
    description:
      "Waits for the end of a turn, a decision that is needed, or `waitMs`. Changes nothing: cancelling the call leaves the turn alone.",
    input: z.strictObject({
      sessionId: input.sessionId,
      turnId: input.turnId,
      waitMs: input.waitMs(defaultWaitMs),
      waitOverApprovals: z
        .boolean()
        .default(false)
        .describe("Go on waiting while a decision is pending, since somebody else decides"),
    }),
    output: TurnOutcome,
    annotations: READS,
    run: async ({ sessionId, turnId, waitMs, waitOverApprovals }, { service, progress, signal, log }) => {
      const turn = { id: turnId, sessionId };
      const onTrouble = (error: unknown): void => log(`events of ${turnId}: ${(error as Error).message}`);
      const o = { service, turn, waitMs, stopsAtApproval: !waitOverApprovals, progress, signal, onTrouble };
      return turnAnswer(await outcomeOf(service, await awaitTurn(o)));
    },
  });

const readTurn = defineTool({
  name: "read_turn",
  title: "Read a turn",
  description:
    "A turn as it stands: state, text, error. With `items` also every command with its output, file changes and messages, which may be long.",
  input: z.strictObject({ sessionId: input.sessionId, turnId: input.turnId, items: z.boolean().default(false) }),
  output: TurnOutcome,
  annotations: READS,
  run: async ({ sessionId, turnId, items }, { service, signal }) => {
    const { turn } = await service.codex.readTurn({ params: { sessionId, turnId }, signal });
    return turnAnswer(await outcomeOf(service, turn, { withItems: items }));
  },
});

const steerTurn = defineTool({
  name: "steer_turn",
  title: "Add to a running turn",
  description: "Says something more to Codex while it works, without ending what it does.",
  input: z.strictObject({
    sessionId: input.sessionId,
    turnId: input.turnId,
    prompt: input.prompt.describe("What Codex is told in addition"),
  }),
  output: made(SteerReply),
  annotations: ACTS,
  run: async ({ sessionId, turnId, prompt }, { service, signal }) => ({
    value: await service.codex.steerTurn({ params: { sessionId, turnId }, body: { input: prompt }, signal }),
  }),
});

const interruptTurn = defineTool({
  name: "interrupt_turn",
  title: "Interrupt a turn",
  description:
    "Ends a turn, and the commands it left running. What it did until then stays. Waits up to 15 seconds for its end.",
  input: z.strictObject({ sessionId: input.sessionId, turnId: input.turnId }),
  output: TurnOutcome,
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  run: async (params, { service, signal }) => {
    await service.codex.interruptTurn({ params });
    const { turn } = await service.codex.readTurn({ params, query: { waitMs: INTERRUPT_WAIT_MS }, signal });
    return turnAnswer(await outcomeOf(service, turn));
  },
});

/** An interrupt has its own deadline of ten seconds; what comes after it is the end. */
const INTERRUPT_WAIT_MS = 15_000;

export const turnTools = (defaultWaitMs: number): readonly AnyTool[] => [
  startTurn(defaultWaitMs),
  waitTurn(defaultWaitMs),
  readTurn,
  steerTurn,
  interruptTurn,
];

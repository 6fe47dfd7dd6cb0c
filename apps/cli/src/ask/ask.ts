import type { TurnDetail } from "@baa/contracts";
import { ApprovalDesk } from "../approvals/approval-desk.ts";
import { approvalLines } from "../approvals/approval-text.ts";
import type { AskOptions } from "../commands/ask.ts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { openLines } from "../input/lines.ts";
import { readPrompt } from "../input/prompt.ts";
import { turnBody } from "../options.ts";
import { openSession } from "../sessions/open-session.ts";
import type { Service } from "../service.ts";
import { exitOfTurn, whyEnded } from "../turns/outcome.ts";
import { type ApprovalHandling, runTurn, type TurnResult } from "../turns/run-turn.ts";
import { startTurn } from "../turns/start-turn.ts";
import { TurnPrinter } from "../turns/turn-printer.ts";

/** `baa ask`: one turn, its answer on stdout. */
export const ask = async (context: Context, words: readonly string[], o: AskOptions): Promise<ExitName> => {
  const prompt = await readPrompt(context, words);
  const body = turnBody(o, prompt);
  const service = await context.connect();
  const sessionId = await openSession(context, service, { ...o, firstWords: prompt });
  const started = await startTurn(context, service, { sessionId, body });
  const printer = printerOf(context);
  const result = await runTurn(context, service, {
    ...started,
    approvals: handlingOf(context, service, {
      printer,
      isWaiting: o.waitApprovals === true,
      isStdinFree: !words.includes("-"),
    }),
    onEvent: (event) => printer.print(event),
  });
  await printer.endLine();
  return tellResult(context, result, { hasSchema: body.outputSchema !== undefined, sessionId });
};

/** On a terminal the answer streams; else stdout has only what is complete, and stderr what happens meanwhile. */
const printerOf = ({ out }: Context): TurnPrinter =>
  new TurnPrinter({
    say: (text) => (out.isTerminal && !out.json ? out.write(text) : undefined),
    tell: (text) => out.progress(text),
    style: out.noteStyle,
    isOnePlace: out.isTerminal && out.isWatched,
    withInput: false,
  });

const handlingOf = (
  context: Context,
  service: Service,
  o: { printer: TurnPrinter; isWaiting: boolean; isStdinFree: boolean },
): ApprovalHandling => {
  // What is asked is shown on stderr, where it is not taken for the answer.
  if (!context.isInteractive || !context.out.isWatched || !o.isStdinFree)
    return { kind: o.isWaiting ? "wait" : "leave" };
  const { out } = context;
  const show = async (lines: readonly string[]): Promise<void> => {
    await o.printer.endLine();
    out.progress(`${lines.join("\n")}\n`);
  };
  const lines = openLines(context);
  return { kind: "ask", desk: new ApprovalDesk({ context, service, lines, style: out.noteStyle, show }) };
};

const tellResult = async (
  { out }: Context,
  result: TurnResult,
  o: { hasSchema: boolean; sessionId: string },
): Promise<ExitName> => {
  if (result.kind === "approvalNeeded") {
    const { approval } = result;
    await out.result({ outcome: "approvalNeeded", approval }, []);
    if (out.json) return "approvalNeeded";
    const ways = `decide with baa approve ${approval.id}, or baa decline ${approval.id}; then baa tail ${o.sessionId}`;
    out.note([...approvalLines(approval, out.noteStyle), ways].join("\n"));
    return "approvalNeeded";
  }
  const { turn } = result;
  const answer = answerOf(turn, o.hasSchema);
  await out.result({ outcome: turn.state, turn }, out.isTerminal || answer === "" ? [] : [answer]);
  const why = whyEnded(turn);
  if (why !== undefined && !out.json && !out.isWatched) out.note(why);
  if (turn.state !== "completed" || turn.outputErrors === undefined) return exitOfTurn(turn);
  const faults = turn.outputErrors.map(({ path, message }) => `${path || "the answer"}: ${message}`);
  out.error("baa ask", { code: "misfit", message: `the answer does not fit the schema: ${faults.join("; ")}` });
  return "misfit";
};

/** What a program is given: with a schema the answer as JSON, and nothing when it does not fit. */
const answerOf = (turn: TurnDetail, hasSchema: boolean): string => {
  if (!hasSchema) return turn.text.replace(/\n$/, "");
  return turn.state === "completed" && turn.outputErrors === undefined ? JSON.stringify(turn.output) : "";
};

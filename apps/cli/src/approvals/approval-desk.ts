import type { Approval, DecideApproval } from "@baa/contracts";
import type { Context } from "../context.ts";
import type { Lines } from "../input/lines.ts";
import type { Style } from "../output/style.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";
import { approvalLines, type Question, questionLines, questionsOf } from "./approval-text.ts";
import { decisionPrompt, readAnswer, readDecision } from "./answers.ts";
import { decide, isDecidedAlready } from "./decide.ts";

export interface DeskOptions {
  readonly context: Context;
  readonly service: Service;
  readonly lines: Lines;
  readonly style: Style;
  /** Shows lines where the person looks; what stood open there is ended first. */
  readonly show: (lines: readonly string[]) => Promise<void>;
  /** Told of each that is asked now. */
  readonly onAsk?: (approval: Approval) => Promise<void>;
}

/** The input ended before the question was answered. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

/**
 * Puts what Codex asks before a person, one thing after the other, and passes the answer on. A question that somebody
 * else answers meanwhile is taken back.
 */
export class ApprovalDesk {
  readonly #o: DeskOptions;
  /** Those that are asked or wait to be, and what takes them back. */
  readonly #open = new Map<string, AbortController>();
  #queue: Promise<void> = Promise.resolve();

  constructor(o: DeskOptions) {
    this.#o = o;
  }

  /** Puts it to the person. Resolves when it is decided, by whomever; rejects with NoAnswerError, or the signal's reason. */
  put(approvalId: string): Promise<void> {
    const { context } = this.#o;
    if (this.#open.has(approvalId)) return this.#queue;
    const taken = new AbortController();
    this.#open.set(approvalId, taken);
    const asked = this.#queue.then(async () => {
      try {
        await this.#ask(approvalId, AbortSignal.any([taken.signal, context.signal]));
      } catch (error) {
        if (!taken.signal.aborted) throw error;
        await this.#o.show([this.#o.style.dim("(decided elsewhere)")]);
      } finally {
        this.#open.delete(approvalId);
      }
    });
    this.#queue = asked.catch(() => undefined); // the caller has it
    return asked;
  }

  /** It was decided: a question that still stands is taken back. */
  resolved(approvalId: string): void {
    this.#open.get(approvalId)?.abort();
  }

  async #ask(approvalId: string, signal: AbortSignal): Promise<void> {
    const { context, service, show, style } = this.#o;
    signal.throwIfAborted();
    const { approval } = await patiently(context, () =>
      service.codex.readApproval({ params: { approvalId }, signal: context.signal }),
    );
    if (approval.state !== "pending") return;
    await this.#o.onAsk?.(approval);
    await show(approvalLines(approval, style));
    const body =
      approval.kind === "question" ? await this.#answers(approval, signal) : await this.#decision(approval, signal);
    // From here on it is said: that somebody else was first is the service's to tell.
    this.#open.delete(approvalId);
    try {
      await decide(context, service, { approvalId, body });
    } catch (error) {
      if (!isDecidedAlready(error)) throw error;
      await show([style.dim("(decided elsewhere)")]);
    }
  }

  async #decision(approval: Approval, signal: AbortSignal): Promise<DecideApproval> {
    for (;;) {
      const decision = readDecision(await this.#line(decisionPrompt(approval), signal), approval);
      if (decision !== undefined) {
        const isYes = approval.kind === "elicitation" && decision.decision === "accept";
        return isYes && needsContent(approval) ? { ...decision, content: await this.#content(signal) } : decision;
      }
    }
  }

  /** Each question in turn; an empty line leaves one without an answer. */
  async #answers(approval: Approval, signal: AbortSignal): Promise<DecideApproval> {
    const { show, style } = this.#o;
    const answers: Record<string, string[]> = {};
    const questions = questionsOf(approval);
    for (const question of questions) {
      if (questions.length > 1) await show(questionLines(question, style));
      const answer = readAnswer(await this.#line(promptOf(question), signal), question);
      if (answer !== "") answers[question.id] = [answer];
    }
    return { decision: "answer", answers };
  }

  async #content(signal: AbortSignal): Promise<unknown> {
    for (;;) {
      const line = await this.#line("content as JSON: ", signal);
      try {
        return JSON.parse(line);
      } catch {
        await this.#o.show(["That is not JSON."]);
      }
    }
  }

  async #line(prompt: string, signal: AbortSignal): Promise<string> {
    const line = await this.#o.lines.ask(prompt, { signal });
    if (line === undefined) throw new NoAnswerError("the input ended before this was answered");
    return line;
  }
}

/** Whether the form has a field that must be filled in; else a yes is the whole answer. */
const needsContent = ({ schema }: Approval): boolean => {
  const { required } = (schema ?? {}) as { required?: unknown };
  return schema !== undefined && (!Array.isArray(required) || required.length > 0);
};

const promptOf = ({ options }: Question): string => (options?.length ? "number or text: " : "answer: ");

import type { Approval, ApprovalDecision, DecideApproval } from "@baa/contracts";
import type { Question } from "./approval-text.ts";

const WORDS: Readonly<Record<string, ApprovalDecision>> = {
  y: "accept",
  yes: "accept",
  a: "acceptForSession",
  always: "acceptForSession",
  n: "decline",
  no: "decline",
  c: "cancel",
  cancel: "cancel",
};

const SHOWN: Partial<Record<ApprovalDecision, string>> = {
  accept: "[y]es",
  acceptForSession: "[a]lways in this session",
  decline: "[n]o",
  cancel: "[c]ancel the turn",
};

/** The question that `readDecision` reads the answer of, for what is offered. */
export const decisionPrompt = ({ decisions }: Pick<Approval, "decisions">): string => {
  const offered = decisions.map((decision) => SHOWN[decision]).filter((text) => text !== undefined);
  return `${offered.join(", ")}; a reason may follow: `;
};

/**
 * Reads `y`, `no it is too early`, …: the decision and a note. Undefined when it is none of those that are offered:
 * then it is asked again, for nothing is taken as a yes that is none.
 */
export const readDecision = (
  line: string,
  { decisions }: Pick<Approval, "decisions">,
): Pick<DecideApproval, "decision" | "note"> | undefined => {
  const [, word = "", note = ""] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
  const decision = WORDS[word.toLowerCase()];
  if (decision === undefined || !decisions.includes(decision)) return undefined;
  return { decision, ...(note === "" ? {} : { note }) };
};

/** What somebody typed to a question: the number of an option stands for its label. */
export const readAnswer = (line: string, { options }: Pick<Question, "options">): string => {
  const text = line.trim();
  const chosen = /^\d{1,3}$/.test(text) ? options?.[Number(text) - 1] : undefined;
  return chosen?.label ?? text;
};

/**
 * Answers given as words: `id=text` for the question with that id, a bare text for the next one without an answer.
 * Returns undefined with more answers than questions.
 */
export const assignAnswers = (
  words: readonly string[],
  questions: readonly Question[],
): Record<string, string[]> | undefined => {
  const answers: Record<string, string[]> = {};
  for (const word of words) {
    const named = questions.find(({ id }) => word.startsWith(`${id}=`));
    const question = named ?? questions.find(({ id }) => answers[id] === undefined);
    if (question === undefined) return undefined;
    const text = named === undefined ? word : word.slice(named.id.length + 1);
    answers[question.id] = [...(answers[question.id] ?? []), readAnswer(text, question)];
  }
  return answers;
};

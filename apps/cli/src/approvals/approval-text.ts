import type { Approval } from "@baa/contracts";
import * as z from "zod";
import { shortId } from "../ids.ts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { oneLine } from "../output/table.ts";
import { ago } from "../output/time.ts";
import { diffLines } from "../turns/diff-text.ts";

/** Codex's questions, as far as they are shown and answered. */
const Questions = z.array(
  z.looseObject({
    id: z.string(),
    header: z.string().nullish(),
    question: z.string().nullish(),
    options: z.array(z.looseObject({ label: z.string(), description: z.string().nullish() })).nullish(),
  }),
);
export type Question = z.infer<typeof Questions>[number];

/** The questions of an approval; none when it is of another kind, or they are not in known words. */
export const questionsOf = ({ questions }: Pick<Approval, "questions">): Question[] => {
  const parsed = Questions.safeParse(questions);
  return parsed.success ? parsed.data : [];
};

const SUMMARY_MAX = 70;

/** What is asked, in one line. */
export const approvalSummary = (approval: Approval): string => {
  const { kind, command, reason } = approval;
  if (kind === "command") return oneLine(safeText(command ?? ""), SUMMARY_MAX);
  const questions = questionsOf(approval).map(({ question }) => question ?? "");
  const message = [approval["message"], ...questions, reason].find((text) => typeof text === "string" && text !== "");
  return oneLine(safeText(typeof message === "string" ? message : kind), SUMMARY_MAX);
};

/** Everything that somebody has to see before deciding. */
export const approvalLines = (approval: Approval, style: Style): string[] => {
  const { id, kind, command, cwd, reason, changes } = approval;
  const line = (name: string, value: unknown): string[] =>
    typeof value === "string" && value !== "" ? [`  ${style.dim(name)} ${safeText(value)}`] : [];
  const permissions = approval["permissions"];
  return [
    `${style.warn("approval")} ${shortId(id)} ${WORDS[kind]}`,
    ...(command === undefined
      ? []
      : safeText(command)
          .split("\n")
          .map((text) => `  ${style.accent("$")} ${text}`)),
    ...line("in", cwd),
    ...line("why", reason),
    ...line("from", approval["serverName"]),
    ...line("asks", approval["message"]),
    ...line("open", approval["url"]),
    ...(permissions === undefined ? [] : line("permissions", JSON.stringify(permissions))),
    ...diffLines(changes, style).map((text) => `  ${text}`),
    ...questionsOf(approval).flatMap((question) => questionLines(question, style)),
  ];
};

const WORDS: Readonly<Record<Approval["kind"], string>> = {
  command: "to run a command",
  fileChange: "to change files",
  permissions: "to have more permissions",
  question: "an answer",
  elicitation: "an answer for a tool",
};

/** A question with its numbered options. */
export const questionLines = ({ id, header, question, options }: Question, style: Style): string[] => [
  `  ${style.bold(safeText(header ?? id))} ${safeText(question ?? "")}`,
  ...(options ?? []).map(({ label, description }, index) => {
    const more = description ? ` - ${safeText(description)}` : "";
    return `    ${index + 1}. ${safeText(label)}${style.dim(more)}`;
  }),
];

/** Rows of a list, with their heading; none when there are none. */
export const approvalRows = (approvals: readonly Approval[], o: { style: Style; now: number }): string[][] => {
  if (approvals.length === 0) return [];
  return [
    ["ID", "KIND", "SESSION", "ASKED", "STATE", "WHAT"].map(o.style.dim),
    ...approvals.map((approval) => [
      shortId(approval.id),
      approval.kind,
      approval.sessionId === undefined ? "-" : shortId(approval.sessionId),
      ago(approval.createdAt, o.now),
      approval.state === "pending"
        ? o.style.warn("pending")
        : `${approval.decision ?? "resolved"} by ${approval.by ?? "?"}`,
      approvalSummary(approval),
    ]),
  ];
};

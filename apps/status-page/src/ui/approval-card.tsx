import type { Approval } from "@baa/contracts";
import { fileDiffs } from "../model/diff.ts";
import { Diffs } from "./diff.tsx";
import { Copy } from "./copy-button.tsx";
import { Ago, Badge } from "./small.tsx";

const ASKS: Readonly<Record<Approval["kind"], string>> = {
  command: "Codex asks to run a command",
  fileChange: "Codex asks to change files",
  permissions: "Codex asks for permissions",
  question: "Codex asks a question",
  elicitation: "A tool asks for input",
};

/** An approval that waits. The page only reads, so it says how to answer. */
export const ApprovalCard = ({ approval, title }: { approval: Approval; title?: string | undefined }) => {
  const { id, kind, command, cwd, reason, createdAt, sessionId } = approval;
  return (
    <article class="card approval" aria-label={ASKS[kind]} data-approval={id}>
      <h3>
        {ASKS[kind]} <Badge tone="warn">waiting</Badge>
      </h3>
      {command === undefined ? null : <pre class="command">{command}</pre>}
      {reason === undefined ? null : <p>{reason}</p>}
      <Diffs diffs={fileDiffs(approval.changes)} />
      <Questions approval={approval} />
      <p class="meta">
        asked <Ago at={createdAt} />
        {cwd === undefined ? null : (
          <>
            {" in "}
            <code>{cwd}</code>
          </>
        )}
        {title === undefined || sessionId === undefined ? null : (
          <>
            {" · "}
            <a href={`#/sessions/${sessionId}`}>{title}</a>
          </>
        )}
      </p>
      <Answers approval={approval} />
    </article>
  );
};

const Answers = ({ approval }: { approval: Approval }) => (
  <div class="answers">
    {approval.decisions.includes("accept") ? (
      <Copy text={`baa approve ${approval.id}`} label="the approve command" />
    ) : null}
    {approval.decisions.includes("answer") ? (
      <Copy text={`baa approve ${approval.id} --answer "…"`} label="the answer command" />
    ) : null}
    {approval.decisions.includes("decline") ? (
      <Copy text={`baa decline ${approval.id}`} label="the decline command" />
    ) : null}
  </div>
);

interface Question {
  readonly id?: unknown;
  readonly header?: unknown;
  readonly question?: unknown;
  readonly options?: unknown;
}

const firstText = (...values: unknown[]): string => values.find((value) => typeof value === "string") ?? "";

const Questions = ({ approval }: { approval: Approval }) => {
  const { questions } = approval;
  const message = approval["message"];
  return (
    <>
      {typeof message === "string" ? <p>{message}</p> : null}
      {Array.isArray(questions)
        ? questions.map((question: Question) => (
            <div class="question">
              <p>{firstText(question.question, question.header, question.id)}</p>
              <Options options={question.options} />
            </div>
          ))
        : null}
    </>
  );
};

const Options = ({ options }: { options: unknown }) =>
  Array.isArray(options) ? (
    <ul>
      {options.map((option: { label?: unknown; description?: unknown } | null) => (
        <li>
          {firstText(option?.label)}
          {typeof option?.description === "string" ? ` – ${option.description}` : ""}
        </li>
      ))}
    </ul>
  ) : null;

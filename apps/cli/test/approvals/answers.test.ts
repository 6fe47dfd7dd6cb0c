import type { Approval } from "@baa/contracts";
import { describe, expect, test } from "vitest";
import { assignAnswers, decisionPrompt, readAnswer, readDecision } from "../../src/approvals/answers.ts";
import { approvalLines, approvalSummary } from "../../src/approvals/approval-text.ts";
import { createStyle } from "../../src/output/style.ts";

const ALL: Pick<Approval, "decisions"> = { decisions: ["accept", "acceptForSession", "decline", "cancel"] };

describe("a typed decision", () => {
  test.each([
    ["y", { decision: "accept" }],
    [" Yes ", { decision: "accept" }],
    ["y only this once", { decision: "accept", note: "only this once" }],
    ["a", { decision: "acceptForSession" }],
    ["n it is too early ", { decision: "decline", note: "it is too early" }],
    ["cancel", { decision: "cancel" }],
  ])("%j", (line, decision) => expect(readDecision(line, ALL)).toEqual(decision));

  test.each(["", "  ", "yep", "ok", "please yes", "1", "accept"])("%j is none: it is asked again", (line) =>
    expect(readDecision(line, ALL)).toBeUndefined(),
  );

  test("only what is offered", () => {
    const few: Pick<Approval, "decisions"> = { decisions: ["accept", "decline"] };
    expect(readDecision("a", few)).toBeUndefined();
    expect(decisionPrompt(few)).toBe("[y]es, [n]o; a reason may follow: ");
  });
});

describe("answers to questions", () => {
  const questions = [{ id: "colour", options: [{ label: "red" }, { label: "blue" }] }, { id: "size" }];
  test("the number of an option stands for it; other text for itself", () => {
    expect(readAnswer(" 2 ", questions[0] ?? {})).toBe("blue");
    expect(readAnswer("3", questions[0] ?? {})).toBe("3");
    expect(readAnswer("teal", questions[0] ?? {})).toBe("teal");
    expect(readAnswer("2", questions[1] ?? {})).toBe("2");
  });

  test("in their order, or by id", () => {
    expect(assignAnswers(["2", "large"], questions)).toEqual({ colour: ["blue"], size: ["large"] });
    expect(assignAnswers(["size=large", "red"], questions)).toEqual({ size: ["large"], colour: ["red"] });
    expect(assignAnswers(["colour=1", "colour=2"], questions)).toEqual({ colour: ["red", "blue"] });
    expect(assignAnswers(["a", "b", "c"], questions)).toBeUndefined();
  });
});

test("what is asked is shown whole, and cannot steer the terminal", () => {
  const approval = {
    id: `apr_${"0".repeat(24)}1f2e3d4c`,
    kind: "command",
    command: "rm -rf build\u001b[2K\necho done",
    cwd: "/srv/work",
    reason: "to begin anew",
    decisions: ["accept", "decline"],
  } as unknown as Approval;
  expect(approvalLines(approval, createStyle(false))).toEqual([
    "approval 1f2e3d4c to run a command",
    "  $ rm -rf build\\x1b[2K",
    "  $ echo done",
    "  in /srv/work",
    "  why to begin anew",
  ]);
  expect(approvalSummary(approval)).toBe("rm -rf build\\x1b[2K echo done");
});

import type { Approval, ApprovalDecision } from "@baa/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DescribeOptions, describeRequest, responseTo } from "../../src/child/approval-requests.ts";

const IDS = { threadId: "thr_1", turnId: "ctx_1", itemId: "i1" };
const NO_AMENDMENTS: DescribeOptions = { execpolicyAmendments: false, changesOf: () => undefined };
const ask = (method: string, params: unknown, options = NO_AMENDMENTS) => describeRequest(method, params, options);

const COMMAND = {
  ...IDS,
  kind: "command",
  startedAtMs: 1,
  command: "/bin/bash -lc 'touch a'",
  cwd: "/home/u/project",
  reason: null,
  commandActions: [],
  proposedExecpolicyAmendment: ["touch", "a"],
  availableDecisions: ["accept", { acceptWithExecpolicyAmendment: {} }, "cancel"],
};
const QUESTIONS = [{ id: "q1", header: "h", question: "which?", options: null }];

describe("what is asked, in our terms", () => {
  test("a command; null fields are left out", () => {
    expect(ask("item/commandExecution/requestApproval", COMMAND)).toEqual({
      kind: "command",
      threadId: "thr_1",
      codexTurnId: "ctx_1",
      decisions: ["accept", "acceptForSession", "decline", "cancel"],
      details: { itemId: "i1", command: "/bin/bash -lc 'touch a'", cwd: "/home/u/project" },
    });
  });

  test("an execpolicy amendment is offered only when the policy allows it and Codex proposes one", () => {
    const decisionsOf = (params: unknown, execpolicyAmendments: boolean) =>
      ask("item/commandExecution/requestApproval", params, { ...NO_AMENDMENTS, execpolicyAmendments })?.decisions;
    const offered = ["accept", "acceptForSession", "acceptWithExecpolicyAmendment", "decline", "cancel"];
    const plain = ["accept", "acceptForSession", "decline", "cancel"];
    expect(decisionsOf(COMMAND, true)).toEqual(offered);
    expect(decisionsOf(COMMAND, false)).toEqual(plain);
    expect(decisionsOf({ ...COMMAND, proposedExecpolicyAmendment: null }, true)).toEqual(plain);
    expect(decisionsOf(IDS, true)).toEqual(plain);
  });

  test("a file change brings the patch of its item", () => {
    const changesOf = (itemId: string) => (itemId === "i1" ? [{ path: "a", diff: "+b" }] : undefined);
    const params = { ...IDS, reason: "because", grantRoot: null };
    expect(ask("item/fileChange/requestApproval", params, { ...NO_AMENDMENTS, changesOf })).toEqual({
      kind: "fileChange",
      threadId: "thr_1",
      codexTurnId: "ctx_1",
      decisions: ["accept", "acceptForSession", "decline", "cancel"],
      details: { itemId: "i1", reason: "because", changes: [{ path: "a", diff: "+b" }] },
    });
  });

  test("permissions", () => {
    const params = { ...IDS, cwd: "/w", reason: null, permissions: { network: { enabled: true } } };
    expect(ask("item/permissions/requestApproval", params)).toMatchObject({
      kind: "permissions",
      decisions: ["accept", "acceptForSession", "decline"],
      details: { itemId: "i1", cwd: "/w", permissions: { network: { enabled: true } } },
    });
  });

  test("questions", () => {
    expect(ask("item/tool/requestUserInput", { ...IDS, questions: QUESTIONS })).toMatchObject({
      kind: "question",
      decisions: ["answer", "decline"],
      details: { itemId: "i1", questions: QUESTIONS },
    });
  });

  test("an elicitation of an MCP server, whose turn may be unknown", () => {
    const params = {
      threadId: "thr_1",
      turnId: null,
      serverName: "s",
      mode: "form",
      message: "m",
      requestedSchema: { type: "object" },
    };
    expect(ask("mcpServer/elicitation/request", params)).toEqual({
      kind: "elicitation",
      threadId: "thr_1",
      codexTurnId: undefined,
      decisions: ["accept", "decline", "cancel"],
      details: { serverName: "s", mode: "form", message: "m", schema: { type: "object" } },
    });
  });

  const unknown = [
    "item/tool/call",
    "account/chatgptAuthTokens/refresh",
    "attestation/generate",
    "applyPatchApproval",
    "",
    "toString",
    "constructor",
    "__proto__",
  ];
  test.each(unknown)("%j is not ours to answer", (method) => {
    expect(ask(method, COMMAND)).toBeUndefined();
  });

  test("property: what cannot be read is not ours to answer, and nothing throws", () => {
    const methods = [
      "item/commandExecution/requestApproval",
      "item/fileChange/requestApproval",
      "item/permissions/requestApproval",
      "item/tool/requestUserInput",
      "mcpServer/elicitation/request",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...methods), fc.jsonValue(), (method, params) => {
        const asked = ask(method, params);
        if (asked) expect(asked.threadId).toBe((params as { threadId: string }).threadId);
      }),
    );
  });
});

describe("what the child is told", () => {
  const PERMISSIONS = { ...IDS, permissions: { network: { enabled: true } } };
  const cases: [Approval["kind"], unknown, Parameters<typeof responseTo>[2], unknown][] = [
    ["command", COMMAND, { decision: "accept" }, { decision: "accept" }],
    ["command", COMMAND, { decision: "acceptForSession" }, { decision: "acceptForSession" }],
    ["command", COMMAND, { decision: "decline" }, { decision: "decline" }],
    ["command", COMMAND, { decision: "cancel" }, { decision: "cancel" }],
    [
      "command",
      COMMAND,
      { decision: "acceptWithExecpolicyAmendment" },
      { decision: { acceptWithExecpolicyAmendment: { execpolicy_amendment: ["touch", "a"] } } },
    ],
    ["fileChange", IDS, { decision: "accept" }, { decision: "accept" }],
    ["fileChange", IDS, { decision: "cancel" }, { decision: "cancel" }],
    [
      "permissions",
      PERMISSIONS,
      { decision: "accept" },
      { permissions: { network: { enabled: true } }, scope: "turn" },
    ],
    [
      "permissions",
      PERMISSIONS,
      { decision: "acceptForSession" },
      { permissions: { network: { enabled: true } }, scope: "session" },
    ],
    ["permissions", PERMISSIONS, { decision: "decline" }, { permissions: {}, scope: "turn" }],
    [
      "question",
      IDS,
      { decision: "answer", answers: { q1: ["a", "b"] } },
      { answers: { q1: { answers: ["a", "b"] } } },
    ],
    ["question", IDS, { decision: "decline", answers: { q1: ["a"] } }, { answers: {} }],
    ["question", IDS, { decision: "answer" }, { answers: {} }],
    [
      "elicitation",
      IDS,
      { decision: "accept", content: { a: 1 } },
      { action: "accept", content: { a: 1 }, _meta: null },
    ],
    ["elicitation", IDS, { decision: "accept" }, { action: "accept", content: null, _meta: null }],
    ["elicitation", IDS, { decision: "decline", content: { a: 1 } }, { action: "decline", content: null, _meta: null }],
    ["elicitation", IDS, { decision: "cancel" }, { action: "cancel", content: null, _meta: null }],
  ];
  test.each(cases)("%s %#", (kind, params, decided, response) => {
    expect(responseTo(kind, params, decided)).toEqual(response);
  });

  test("nothing but an explicit yes is ever a yes, for any kind", () => {
    const kinds: Approval["kind"][] = ["command", "fileChange", "permissions", "question", "elicitation"];
    const noes: ApprovalDecision[] = ["decline", "cancel", "answer"];
    for (const kind of kinds) {
      for (const decision of noes) {
        const told = JSON.stringify(responseTo(kind, { ...COMMAND, ...PERMISSIONS }, { decision, content: { a: 1 } }));
        expect(told).not.toContain("accept");
        expect(told).not.toContain("network");
      }
    }
  });
});

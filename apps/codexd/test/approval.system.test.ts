import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { askAbout, askedIn, askingSession, pendingApprovals } from "./support/approvals.ts";
import {
  createSession,
  decide,
  problemOf,
  readApproval,
  readSession,
  readTurn,
  runTurn,
  startTurn,
  turnPath,
} from "./support/drive.ts";
import { readSse } from "@baa/test-kit";
import { startSystem, useSystem } from "./support/system.ts";

const system = useSystem();

const commandItem = async (turn: { id: string; sessionId: string }): Promise<Record<string, unknown> | undefined> =>
  (await readTurn(system(), turn)).items.find((item) => item.type === "commandExecution");
const resolved = (approvalId: string) =>
  system().ledger.waitFor((event) => event.type === "approval.resolved" && event.approvalId === approvalId);

describe("a command is asked about", () => {
  test("what is asked can be read; accept runs it once the decision is on disk", async () => {
    const { ledger, codexd } = system();
    const session = await askingSession(system(), "accept");
    const look = `cat ${codexd.layout.logsDir}/*.jsonl | grep -c '"type":"approval.decided"' > decided.txt; echo seen`;
    const turn = await startTurn(system(), session.id, `[[run: ${look}]] accept-1`);
    const approval = await askedIn(system(), turn.id);
    expect(approval).toMatchObject({
      kind: "command",
      state: "pending",
      sessionId: session.id,
      turnId: turn.id,
      command: expect.stringContaining("decided.txt"),
      cwd: session.cwd,
      decisions: ["accept", "acceptForSession", "decline", "cancel"],
    });
    expect(await readSession(system(), session.id)).toMatchObject({ state: "awaitingApproval", activeTurnId: turn.id });
    expect((await readTurn(system(), turn)).state).toBe("awaitingApproval");
    expect(fs.readdirSync(session.cwd)).toEqual([]);
    const reply = await decide(system(), approval.id, { decision: "accept", note: "looks fine" });
    expect(reply.status).toBe(200);
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    expect(fs.readFileSync(path.join(session.cwd, "decided.txt"), "utf8").trim()).toBe("1");
    expect(await readApproval(system(), approval.id)).toMatchObject({
      state: "resolved",
      decision: "accept",
      by: "client",
      note: "looks fine",
    });
    expect(await commandItem(turn)).toMatchObject({ status: "completed", exitCode: 0 });
  });

  test("decline: not run, the model goes on and the turn completes", async () => {
    const asked = await askAbout(system(), await askingSession(system(), "decline"), "decline-1");
    expect((await decide(system(), asked.approval.id, { decision: "decline" })).status).toBe(200);
    expect((await system().ledger.waitForEnd(asked.turn.id)).type).toBe("turn.completed");
    expect(await commandItem(asked.turn)).toMatchObject({ status: "declined" });
    expect(asked.ran()).toBe(false);
  });

  test("cancel: not run, the turn ends as interrupted, the next one works", async () => {
    const asked = await askAbout(system(), await askingSession(system(), "cancel"), "cancel-1");
    expect((await decide(system(), asked.approval.id, { decision: "cancel" })).status).toBe(200);
    expect((await system().ledger.waitForEnd(asked.turn.id)).type).toBe("turn.interrupted");
    expect(asked.ran()).toBe(false);
    expect((await runTurn(system(), asked.session.id, "cancel-2")).text).toBe("You said: cancel-2");
  });

  test("acceptForSession: the same command is not asked about again", async () => {
    const session = await askingSession(system(), "for-session");
    const asked = await askAbout(system(), session, "for-session-1");
    await decide(system(), asked.approval.id, { decision: "acceptForSession" });
    await system().ledger.waitForEnd(asked.turn.id);
    expect(asked.ran()).toBe(true);
    fs.rmSync(path.join(session.cwd, "for-session-1.ran"));
    const again = await runTurn(system(), session.id, "[[run: touch for-session-1.ran && echo made it]] again-1");
    expect(again.state).toBe("completed");
    expect(asked.ran()).toBe(true);
    const requests = system()
      .ledger.events()
      .filter((event) => event.type === "approval.requested" && event.sessionId === session.id);
    expect(requests).toHaveLength(1);
  });

  test("a decision that was not offered is refused and decides nothing", async () => {
    const asked = await askAbout(system(), await askingSession(system(), "not-offered"), "not-offered-1");
    for (const decision of ["acceptWithExecpolicyAmendment", "answer", "yes"]) {
      expect(problemOf(await decide(system(), asked.approval.id, { decision }))).toEqual({
        status: 422,
        code: "invalid",
      });
    }
    expect(await readApproval(system(), asked.approval.id)).toMatchObject({ state: "pending" });
    await decide(system(), asked.approval.id, { decision: "decline" });
    await system().ledger.waitForEnd(asked.turn.id);
    expect(asked.ran()).toBe(false);
  });

  test("leaving the sandbox is asked about under on-request, with the reason", async () => {
    const session = await createSession(system(), {
      cwd: system().codexd.workDir("escalate"),
      approvalPolicy: "on-request",
    });
    const turn = await startTurn(system(), session.id, "[[escalate: touch escalated.ran]] escalate-1");
    const approval = await askedIn(system(), turn.id);
    expect(approval).toMatchObject({ kind: "command", reason: "the prompt asks for it" });
    await decide(system(), approval.id, { decision: "accept" });
    await system().ledger.waitForEnd(turn.id);
    expect(fs.existsSync(path.join(session.cwd, "escalated.ran"))).toBe(true);
  });
});

test.each([
  ["accept", true, "turn.completed"],
  ["decline", false, "turn.completed"],
  ["cancel", false, "turn.interrupted"],
])("a file change is asked about with its patch: %s", async (decision, applied, end) => {
  const session = await askingSession(system(), `patch-${decision}`, { model: "gpt-5.5" });
  const turn = await startTurn(system(), session.id, `[[patch: note.txt hello patch]] patch-${decision}-1`);
  const approval = await askedIn(system(), turn.id);
  expect(approval).toMatchObject({
    kind: "fileChange",
    state: "pending",
    decisions: ["accept", "acceptForSession", "decline", "cancel"],
  });
  expect(JSON.stringify(approval.changes)).toContain("hello patch");
  expect(JSON.stringify(approval.changes)).toContain("note.txt");
  expect((await decide(system(), approval.id, { decision })).status).toBe(200);
  expect((await system().ledger.waitForEnd(turn.id)).type).toBe(end);
  expect(fs.existsSync(path.join(session.cwd, "note.txt"))).toBe(applied);
});

describe("the first answer wins", () => {
  test.each([1, 2, 3, 4])("of two at once (round %i)", async (round) => {
    const asked = await askAbout(system(), await askingSession(system(), `race-${round}`), `race-${round}`);
    const decisions = round % 2 === 0 ? ["accept", "decline"] : ["decline", "accept"];
    const replies = await Promise.all(decisions.map((decision) => decide(system(), asked.approval.id, { decision })));
    expect(replies.map((reply) => reply.status).sort((a, b) => a - b)).toEqual([200, 409]);
    const lost = replies.find((reply) => reply.status === 409);
    expect(lost && problemOf(lost)).toEqual({ status: 409, code: "approval_resolved" });
    await system().ledger.waitForEnd(asked.turn.id);
    const { decision } = await readApproval(system(), asked.approval.id);
    expect(decision).toBe(decisions[replies.findIndex((reply) => reply.status === 200)]);
    expect(asked.ran()).toBe(decision === "accept");
  });

  test("later ones get 409 with what was decided; the same key gets the same answer, after a restart too", async () => {
    const { codexd, ledger } = system();
    const asked = await askAbout(system(), await askingSession(system(), "late"), "late-1");
    const path = `/v1/codexd/approvals/${asked.approval.id}`;
    const first = await ledger.post(path, { decision: "decline" }, { "idempotency-key": "late-key" });
    expect(first.json).toMatchObject({ approval: { state: "resolved", decision: "decline" } });
    const late = await ledger.post(path, { decision: "accept" });
    expect(problemOf(late)).toEqual({ status: 409, code: "approval_resolved" });
    expect(late.text).toContain("decline by client");
    await ledger.waitForEnd(asked.turn.id);
    await codexd.restart({ signal: "SIGKILL" });
    const replayed = await ledger.post(path, { decision: "decline" }, { "idempotency-key": "late-key" });
    expect([replayed.status, replayed.json]).toEqual([200, first.json]);
    expect(asked.ran()).toBe(false);
  });
});

describe("nobody has answered yet", () => {
  test("it is shown to whoever comes back, and can be answered then", async () => {
    const { ledger, codexd } = system();
    const asked = await askAbout(system(), await askingSession(system(), "again"), "again-1");
    ledger.follower.cut();
    expect((await pendingApprovals(system())).map(({ id }) => id)).toEqual([asked.approval.id]);
    const url = `${codexd.url}/v1/codexd/events`;
    const [hello] = await readSse({ url, token: codexd.token(), isLast: (frame) => frame.event === "hello" });
    expect(hello?.data["snapshot"]).toMatchObject({
      openTurns: [{ id: asked.turn.id, state: "awaitingApproval" }],
      pendingApprovals: [{ id: asked.approval.id, command: asked.approval.command }],
    });
    await decide(system(), asked.approval.id, { decision: "accept" });
    expect((await ledger.waitForEnd(asked.turn.id)).type).toBe("turn.completed");
    expect(asked.ran()).toBe(true);
    expect(await pendingApprovals(system())).toEqual([]);
  });

  test("an interrupt ends the turn and the question; a late yes changes nothing", async () => {
    const { ledger } = system();
    const asked = await askAbout(system(), await askingSession(system(), "interrupt"), "interrupt-1");
    expect((await ledger.post(`${turnPath(asked.turn)}/interrupt`)).status).toBe(202);
    expect((await ledger.waitForEnd(asked.turn.id)).type).toBe("turn.interrupted");
    expect((await resolved(asked.approval.id)).data).toMatchObject({ by: "system", reason: "ended" });
    expect(problemOf(await decide(system(), asked.approval.id, { decision: "accept" }))).toEqual({
      status: 409,
      code: "approval_resolved",
    });
    expect((await runTurn(system(), asked.session.id, "interrupt-2")).state).toBe("completed");
    expect(asked.ran()).toBe(false);
  });

  test.each(["SIGKILL", "SIGTERM"] as const)(
    "codexd ends by %s: orphaned, with the turn's own end, and the next turn works",
    async (signal) => {
      const { ledger, codexd, provider } = system();
      const marker = `orphan-${signal}`;
      const asked = await askAbout(system(), await askingSession(system(), marker), marker);
      await codexd.restart({ signal });
      expect((await resolved(asked.approval.id)).data).toMatchObject({ by: "system", reason: "orphaned" });
      expect(await ledger.waitForEnd(asked.turn.id)).toMatchObject({
        type: "turn.interrupted",
        data: { reason: "child_exited" },
      });
      expect(problemOf(await decide(system(), asked.approval.id, { decision: "accept" }))).toEqual({
        status: 409,
        code: "approval_resolved",
      });
      expect((await runTurn(system(), asked.session.id, `after-${signal}`)).state).toBe("completed");
      expect(provider.modelCalls(marker)).toBe(1);
      expect(asked.ran()).toBe(false);
    },
  );

  test("the child dies: orphaned, with the turn's own end, and the next turn works", async () => {
    const { ledger, codexd } = system();
    const asked = await askAbout(system(), await askingSession(system(), "child-dies"), "child-dies-1");
    process.kill(await codexd.childPid(), "SIGKILL");
    expect((await resolved(asked.approval.id)).data).toMatchObject({ by: "system", reason: "orphaned" });
    expect(await ledger.waitForEnd(asked.turn.id)).toMatchObject({
      type: "turn.interrupted",
      data: { reason: "child_exited" },
    });
    expect((await runTurn(system(), asked.session.id, "child-dies-2")).state).toBe("completed");
    expect(asked.ran()).toBe(false);
  });

  test("after the time that the operator set it is declined by the system, and the turn goes on", async (t) => {
    const own = await startSystem(t, { env: { BAA_CODEXD_APPROVAL_TTL: "300" } });
    const asked = await askAbout(own, await askingSession(own, "expiry"), "expiry-1");
    const end = await own.ledger.waitForEnd(asked.turn.id);
    expect(end.type).toBe("turn.completed");
    const approval = await readApproval(own, asked.approval.id);
    expect(approval).toMatchObject({ state: "resolved", decision: "decline", by: "system", resolvedReason: "expired" });
    expect(Date.parse(approval.resolvedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(approval.expiresAt));
    expect(asked.ran()).toBe(false);
    await own.ledger.assertConsistent();
  });
});

test("all of the above left a consistent log, and no command ran without a recorded yes", async () => {
  const { ledger, codexd } = system();
  await ledger.assertConsistent();
  const events = ledger.events();
  const work = path.join(codexd.layout.home, "work");
  const ran = fs.readdirSync(work, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ran"));
  expect(ran.length).toBeGreaterThanOrEqual(3);
  for (const file of ran) {
    const requested = events.find(
      (event) => event.type === "approval.requested" && String(event.data["command"]).includes(path.basename(file)),
    );
    const decided = events.find(
      (event) => event.type === "approval.decided" && event.approvalId === requested?.approvalId,
    );
    expect([file, decided?.data["decision"]]).toEqual([file, expect.stringMatching(/^accept/)]);
  }
});

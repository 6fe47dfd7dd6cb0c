import fs from "node:fs";
import path from "node:path";
import { SessionList, TurnList } from "@baa/contracts";
import { isAlive, startCodexd, waitGone } from "@baa/test-kit";
import type { LedgerEvent } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import {
  createSession,
  problemOf,
  readSession,
  readTurn,
  runTurn,
  shownText,
  startTurn,
  turnEvent,
  turnPath,
  turnsPath,
  until,
} from "./support/drive.ts";
import { startSystem, useSystem } from "./support/system.ts";

const POLICY = {
  sandbox: ["read-only", "workspace-write", "danger-full-access"],
  approvalPolicy: ["on-request", "never"],
};
const system = useSystem({ policy: POLICY });

const exec = (cmd: string): string => `[[run: ${cmd}]]`;
const isCommandStart = (event: LedgerEvent): boolean =>
  event.type === "item.started" && (event.data["item"] as { type: string }).type === "commandExecution";

describe("a session and its turns", () => {
  test("create, two turns by either route, read, list, delete", async () => {
    const { ledger, provider, codexd } = system();
    const session = await createSession(system(), { title: "first", metadata: { ticket: "7" } });
    expect(session).toMatchObject({
      state: "idle",
      durable: false,
      cwdOwned: true,
      purpose: "chat",
      title: "first",
      metadata: { ticket: "7" },
      sandbox: "read-only",
      approvalPolicy: "on-request",
    });
    expect(fs.existsSync(session.cwd)).toBe(true);
    const one = await startTurn(system(), session.id, "life-1");
    expect(one).toMatchObject({ sessionId: session.id, state: "accepted", origin: "client" });
    const detail = await readTurn(system(), one, 20_000);
    expect(detail).toMatchObject({ state: "completed", text: "You said: life-1", source: "log" });
    expect(detail.items.map((item) => [item.type, item.state])).toEqual([
      ["userMessage", "completed"],
      ["agentMessage", "completed"],
    ]);
    expect(detail.usage).toMatchObject({
      inputTokens: expect.any(Number),
      outputTokens: expect.any(Number),
      totalTokens: expect.any(Number),
    });
    const after = await readSession(system(), session.id);
    expect(after).toMatchObject({ state: "idle", durable: true, threadId: expect.any(String) });
    const short = await ledger.post("/v1/codexd/turn", {
      sessionId: session.id,
      input: [{ type: "text", text: "life-2" }],
    });
    expect(short.status).toBe(202);
    const two = (short.json as { turn: { id: string } }).turn;
    await ledger.waitForEnd(two.id);
    expect((await readSession(system(), session.id)).threadId).toBe(after.threadId);
    const listed = TurnList.parse((await codexd.request("GET", turnsPath(session.id))).json);
    expect(listed.turns.map((turn) => turn.id)).toEqual([two.id, one.id]);
    const page = TurnList.parse((await codexd.request("GET", `${turnsPath(session.id)}?limit=1`)).json);
    expect(page.turns.map((turn) => turn.id)).toEqual([two.id]);
    const rest = TurnList.parse(
      (await codexd.request("GET", `${turnsPath(session.id)}?limit=1&cursor=${page.nextCursor}`)).json,
    );
    expect(rest.turns.map((turn) => turn.id)).toEqual([one.id]);
    const sessions = SessionList.parse((await codexd.request("GET", "/v1/codexd/sessions")).json);
    expect(sessions.sessions.map((entry) => entry.id)).toContain(session.id);
    expect([provider.modelCalls("life-1"), provider.modelCalls("life-2")]).toEqual([1, 1]);
    expect((await ledger.request("DELETE", `/v1/codexd/sessions/${session.id}`)).status).toBe(200);
    expect(problemOf(await codexd.request("GET", turnPath(one)))).toEqual({ status: 404, code: "turn_not_found" });
    expect(problemOf(await codexd.request("GET", `/v1/codexd/sessions/${session.id}`))).toEqual({
      status: 404,
      code: "session_not_found",
    });
    expect(fs.existsSync(session.cwd)).toBe(false);
  });

  test("the session works in the cwd it named, which outlives it", async () => {
    const { codexd, ledger } = system();
    const cwd = codexd.workDir("named");
    const session = await createSession(system(), { cwd, sandbox: "workspace-write" });
    const turn = await runTurn(system(), session.id, `${exec("pwd > here.txt && echo done")} cwd-1`);
    expect(turn).toMatchObject({ state: "completed", text: expect.stringContaining("done") });
    expect(fs.readFileSync(path.join(cwd, "here.txt"), "utf8")).toBe(`${cwd}\n`);
    expect(turn.items.map((item) => item.type)).toEqual(["userMessage", "commandExecution", "agentMessage"]);
    expect((await ledger.request("DELETE", `/v1/codexd/sessions/${session.id}`)).status).toBe(200);
    expect(fs.existsSync(path.join(cwd, "here.txt"))).toBe(true);
  });

  test("what was streamed so far can be read while the turn runs, and waitMs waits for its end", async () => {
    const { provider } = system();
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[deltas=6 hold=mid after=3]] mid-1");
    await provider.held("mid");
    await system().ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w2 ");
    const running = await readTurn(system(), turn, 50);
    expect(running).toMatchObject({ state: "running", text: "w0 w1 w2 " });
    expect(running.items.at(-1)).toMatchObject({ type: "agentMessage", state: "open" });
    expect(await readSession(system(), session.id)).toMatchObject({ state: "running", activeTurnId: turn.id });
    const waiting = readTurn(system(), turn, 20_000);
    provider.release("mid");
    expect(await waiting).toMatchObject({ state: "completed", text: "w0 w1 w2 w3 w4 w5 " });
    expect(shownText(system(), turn.id)).toBe("w0 w1 w2 w3 w4 w5 ");
  });

  test("a turn that the model refuses fails by name, and the next one works", async () => {
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[failed=context_length_exceeded]] refused-1");
    expect((await system().ledger.waitForEnd(turn.id)).type).toBe("turn.failed");
    expect(await readTurn(system(), turn)).toMatchObject({
      state: "failed",
      error: { code: "context_window_exceeded", message: expect.any(String), retryable: false },
    });
    expect((await runTurn(system(), session.id, "refused-2")).text).toBe("You said: refused-2");
  });

  test("a model stream that breaks is retried by Codex; the dropped text is discarded and not in the answer", async () => {
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[deltas=4 cut after=2 times=1]] retried-1");
    const discarded = await turnEvent(system(), turn.id, "item.discarded");
    expect(discarded.data).toMatchObject({ reason: "retried" });
    expect(await readTurn(system(), turn, 20_000)).toMatchObject({ state: "completed", text: "w0 w1 w2 w3 " });
  });
});

describe("steer", () => {
  test("the input is consumed, what was being said is discarded, the answer is the new one", async () => {
    const { provider, ledger } = system();
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[deltas=9 hold=steer after=3]] steer-1");
    await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w2 ");
    const reply = await ledger.post(`${turnPath(turn)}/steer`, { input: "steer-2" });
    expect(reply.status).toBe(202);
    const { inputId } = reply.json as { inputId: string };
    const consumed = await ledger.waitFor((event) => event.turnId === turn.id && event.data["consumed"] === true);
    expect(consumed).toMatchObject({ turnId: turn.id, data: { inputId, consumed: true } });
    expect((await turnEvent(system(), turn.id, "item.discarded")).data).toMatchObject({ reason: "steered" });
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    expect(await readTurn(system(), turn)).toMatchObject({
      text: "You said: steer-2",
      steers: [{ inputId, state: "consumed" }],
    });
    expect([provider.modelCalls("steer-1"), provider.modelCalls("steer-2")]).toEqual([1, 1]);
  });

  test("ifBusy: steer adds to the running turn, and starts one when there is none", async () => {
    const { ledger } = system();
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[deltas=9 hold=busy after=2]] busy-1", { ifBusy: "steer" });
    await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w1 ");
    const steered = await startTurn(system(), session.id, "busy-2", { ifBusy: "steer" });
    expect(steered.id).toBe(turn.id);
    expect(await readTurn(system(), turn, 20_000)).toMatchObject({ state: "completed", text: "You said: busy-2" });
    const listed = TurnList.parse((await system().codexd.request("GET", turnsPath(session.id))).json);
    expect(listed.turns).toHaveLength(1);
  });

  test("a turn that has ended cannot be steered or interrupted", async () => {
    const session = await createSession(system());
    const turn = await runTurn(system(), session.id, "ended-1");
    const steer = await system().ledger.post(`${turnPath(turn)}/steer`, { input: "late" });
    expect(problemOf(steer)).toEqual({ status: 409, code: "turn_ended" });
    expect(problemOf(await system().ledger.post(`${turnPath(turn)}/interrupt`))).toEqual({
      status: 409,
      code: "turn_ended",
    });
  });
});

describe("interrupt", () => {
  test("ends a running turn; its text stays, marked as cut, and the next turn works", async () => {
    const { ledger } = system();
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[deltas=9 hold=stop after=3]] stop-1");
    await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w2 ");
    const reply = await ledger.post(`${turnPath(turn)}/interrupt`);
    expect(reply.status).toBe(202);
    expect(await ledger.waitForEnd(turn.id)).toMatchObject({ type: "turn.interrupted", data: { reason: "requested" } });
    const read = await readTurn(system(), turn);
    expect(read).toMatchObject({ state: "interrupted", reason: "requested", text: "w0 w1 w2 " });
    expect(read.items.at(-1)).toMatchObject({ type: "agentMessage", state: "cut" });
    expect((await runTurn(system(), session.id, "stop-2")).text).toBe("You said: stop-2");
  });

  test("ends commands that Codex would leave running", async () => {
    const { ledger, codexd } = system();
    const cwd = codexd.workDir("left-running");
    const session = await createSession(system(), { cwd, sandbox: "danger-full-access", approvalPolicy: "never" });
    const turn = await startTurn(
      system(),
      session.id,
      `${exec("echo $$ > pid.tmp; mv pid.tmp pid; exec sleep 300")} left-1`,
    );
    const pidFile = path.join(cwd, "pid");
    await ledger.waitFor((event) => event.turnId === turn.id && isCommandStart(event));
    await until("the command runs", () => fs.existsSync(pidFile));
    const pid = Number(fs.readFileSync(pidFile, "utf8"));
    expect(isAlive(pid)).toBe(true);
    await ledger.post(`${turnPath(turn)}/interrupt`);
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.interrupted");
    await waitGone([pid]);
    expect((await readTurn(system(), turn)).items.at(-1)).toMatchObject({ type: "commandExecution", state: "cut" });
    expect((await runTurn(system(), session.id, "left-2")).text).toBe("You said: left-2");
  });

  test("a turn that says nothing is interrupted by its own idle timeout", async () => {
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[hang]] idle-1", { idleTimeoutMs: 1000 });
    expect(await system().ledger.waitForEnd(turn.id)).toMatchObject({
      type: "turn.interrupted",
      data: { reason: "idle_timeout" },
    });
    const long = await startTurn(system(), session.id, "[[deltas=2000 interval=20]] idle-2", { timeoutMs: 1000 });
    expect(await system().ledger.waitForEnd(long.id)).toMatchObject({
      type: "turn.interrupted",
      data: { reason: "timeout" },
    });
  });
});

describe("a thread that Codex has already", () => {
  test("is adopted by its id, with what was said in it, and is left to its owner", async (t) => {
    const first = await startSystem(t);
    const session = await createSession(first);
    await runTurn(first, session.id, "adopt-1");
    const { threadId = "" } = await readSession(first, session.id);
    await first.codexd.stop();
    const codexd = await startCodexd({
      test: t,
      provider: first.provider,
      env: { CODEX_HOME: first.codexd.layout.codexHome },
    });
    const second = { codexd, provider: first.provider, ledger: codexd.ledger().follow() };
    const adopted = await createSession(second, { threadId });
    expect(adopted).toMatchObject({ threadId, durable: true, state: "idle" });
    const again = await second.ledger.post("/v1/codexd/sessions", { threadId });
    expect(problemOf(again)).toEqual({ status: 409, code: "thread_adopted" });
    expect((await runTurn(second, adopted.id, "adopt-2")).text).toBe("You said: adopt-2");
    const asked = JSON.stringify(first.provider.requests().at(-1)?.body);
    expect(asked).toContain("You said: adopt-1");
    expect((await readSession(second, adopted.id)).threadId).toBe(threadId);
    await second.ledger.assertConsistent();
  });

  test("that Codex does not know fails the turn as not_started, and the model is not asked", async () => {
    const adopted = await createSession(system(), { threadId: "00000000-0000-7000-8000-000000000000" });
    const turn = await startTurn(system(), adopted.id, "unknown-1");
    expect(await system().ledger.waitForEnd(turn.id)).toMatchObject({
      type: "turn.failed",
      data: { error: { code: "not_started", retryable: true } },
    });
    expect(system().provider.modelCalls("unknown-1")).toBe(0);
  });
});

test("all of the above left a consistent log", async () => {
  await system().ledger.assertConsistent();
});

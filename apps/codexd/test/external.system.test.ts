import fs from "node:fs";
import path from "node:path";
import { CodexdStatus } from "@baa/contracts";
import { type Codexd, isAlive, type LedgerEvent, startHalfOpenProxy, tempRoot } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import {
  createSession,
  decide,
  problemOf,
  readApproval,
  readTurn,
  runTurn,
  shownText,
  startTurn,
  turnEvent,
  turnsPath,
} from "./support/drive.ts";
import { startExternalServer, startExternalSystem } from "./support/external-server.ts";
import { waitReadyz } from "./support/waiting.ts";

const statusOf = async (codexd: Codexd): Promise<CodexdStatus> =>
  CodexdStatus.parse((await codexd.request("GET", "/v1/codexd/status")).json);
const ofType = (events: readonly LedgerEvent[], type: string): LedgerEvent[] =>
  events.filter((event) => event.type === type);

describe("an app-server that runs already", () => {
  test("over a WebSocket: status says reduced, turns work, and it is left running", async (t) => {
    const system = await startExternalSystem(t);
    const { codexd, ledger, server, provider } = system;
    expect(await statusOf(codexd)).toMatchObject({
      status: "ready",
      guarantees: "reduced",
      child: { state: "ready", version: "0.169.0", protocolVersion: "0.169.0" },
    });
    const session = await createSession(system);
    expect((await runTurn(system, session.id, "ext-1")).text).toBe("You said: ext-1");
    expect((await runTurn(system, session.id, "ext-2")).text).toBe("You said: ext-2");
    expect(provider.modelCalls("ext-1")).toBe(1);
    expect(ofType(ledger.events(), "child.ready")[0]?.data).toMatchObject({ generation: 1, external: true });
    const reset = await codexd.request("POST", "/v1/codexd/child/reset", { force: true });
    expect(problemOf(reset).code).toBe("child_not_ours");
    await ledger.assertConsistent();
    expect(await codexd.stop()).toEqual({ code: 0, signal: null });
    expect(isAlive(server.pid)).toBe(true);
  });

  test("over a unix socket: killed under a turn and started again by its owner, the turn is settled and the next one works", async (t) => {
    const system = await startExternalSystem(t, { listen: "unix" });
    const { codexd, ledger, server, codexHome } = system;
    const session = await createSession(system);
    await runTurn(system, session.id, "first");
    const turn = await startTurn(system, session.id, "[[deltas=5 hold=door after=2]] cut-1");
    await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w1 ");
    await server.kill("SIGKILL");
    const [message] = await waitReadyz(codexd, "child_not_ready");
    expect(message).toContain("backoff");
    const refused = await ledger.post(turnsPath((await createSession(system)).id), { input: "now?" });
    expect(problemOf(refused)).toEqual({ status: 503, code: "child_unavailable" });
    // Nobody but its owner starts it again.
    expect(codexd.processes().map(({ pid }) => pid)).toEqual([codexd.pid]);
    await startExternalServer({ test: t, codexHome, listen: "unix" });
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.interrupted");
    expect((await readTurn(system, turn)).text).toBe("w0 w1 ");
    expect((await runTurn(system, session.id, "after")).text).toBe("You said: after");
    expect(ofType(ledger.events(), "child.gap")).toHaveLength(1);
    expect(ofType(ledger.events(), "child.exited")).toEqual([]);
    await ledger.assertConsistent();
  });

  test("with a token, read from its file; a wrong one is said, and mended without a restart", async (t) => {
    const root = tempRoot({ prefix: "baa-token-" });
    t.onTestFinished(() => root.remove());
    const tokenFile = root.join("token");
    const write = (text: string): void => fs.writeFileSync(tokenFile, `${text}\n`, { mode: 0o600 });
    write("right-0123456789abcdef");
    const args = ["--ws-auth", "capability-token", "--ws-token-file", tokenFile];
    const ours = root.join("ours");
    fs.writeFileSync(ours, "right-0123456789abcdef\n", { mode: 0o600 });
    const { codexd } = await startExternalSystem(t, { args, env: { BAA_CODEXD_SERVER_ENDPOINT_TOKEN_FILE: ours } });
    await codexd.stop();
    fs.writeFileSync(ours, "wrong-0123456789abcdef\n");
    await codexd.start({ until: "listening" });
    const [message] = await waitReadyz(codexd, "child_not_ready");
    expect(message).not.toContain("wrong-0123456789abcdef");
    fs.writeFileSync(ours, "right-0123456789abcdef\n");
    await codexd.waitReady();
    expect(codexd.output()).not.toContain("wrong-0123456789abcdef");
    expect(codexd.output()).toContain("Unexpected server response: 401");
  });
});

describe("what was missed", () => {
  test("while the connection was lost is one child.gap; the turn that went on ends as it ended, with its whole text", async (t) => {
    let cut = (): void => undefined;
    const system = await startExternalSystem(t, {
      through: async ({ port }) => {
        const proxy = await startHalfOpenProxy({ port });
        t.onTestFinished(() => proxy.stop());
        cut = () => proxy.cut();
        return `ws://127.0.0.1:${proxy.port}`;
      },
    });
    const { ledger, provider } = system;
    const session = await createSession(system);
    const turn = await startTurn(system, session.id, "[[deltas=6 hold=door after=2]] gap-1");
    await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w1 ");
    cut();
    provider.release("door");
    const gap = await ledger.waitFor((event) => event.type === "child.gap");
    expect(gap.data).toMatchObject({ generation: 2, reason: expect.any(String), lastSeq: expect.any(Number) });
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    expect((await readTurn(system, turn)).text).toBe("w0 w1 w2 w3 w4 w5 ");
    expect(ofType(ledger.events(), "child.gap")).toHaveLength(1);
    expect(provider.modelCalls("gap-1")).toBe(1);
    expect((await runTurn(system, session.id, "gap-2")).text).toBe("You said: gap-2");
    await ledger.assertConsistent();
  });

  test("an approval that waits over a lost connection stays one approval, and its answer arrives", async (t) => {
    let cut = (): void => undefined;
    const system = await startExternalSystem(t, {
      through: async ({ port }) => {
        const proxy = await startHalfOpenProxy({ port });
        t.onTestFinished(() => proxy.stop());
        cut = () => proxy.cut();
        return `ws://127.0.0.1:${proxy.port}`;
      },
    });
    const { codexd, ledger } = system;
    const session = await createSession(system);
    const file = path.join(codexd.workDir("a"), "made");
    const turn = await startTurn(system, session.id, `[[escalate: touch ${file}]]`);
    const asked = await turnEvent(system, turn.id, "approval.requested");
    const approvalId = String(asked.approvalId);
    cut();
    await ledger.waitFor((event) => event.type === "child.ready" && event.data["generation"] === 2);
    // Longer than after a reconnect approvals that are not sent again are given up.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect((await readApproval(system, approvalId)).state).toBe("pending");
    expect((await decide(system, approvalId, { decision: "accept" })).status).toBe(200);
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    expect(fs.existsSync(file)).toBe(true);
    expect(ofType(ledger.events(), "approval.requested")).toHaveLength(1);
    expect(ofType(ledger.events(), "approval.resolved").map(({ data }) => data["decision"])).toEqual(["accept"]);
    await ledger.assertConsistent();
  });

  test("while codexd itself was gone: the turn went on without it and is told to its end", async (t) => {
    const system = await startExternalSystem(t);
    const { codexd, ledger, provider } = system;
    const session = await createSession(system);
    const turn = await startTurn(system, session.id, "[[deltas=6 hold=door after=2]] away-1");
    await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w1 ");
    await codexd.kill();
    await codexd.start();
    await ledger.waitFor((event) => event.type === "child.gap" && event.data["reason"] === "codexd was not running");
    provider.release("door");
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    expect((await readTurn(system, turn)).text).toBe("w0 w1 w2 w3 w4 w5 ");
    expect(shownText(system, turn.id)).toContain("w0 w1 ");
    expect(provider.modelCalls("away-1")).toBe(1);
    await ledger.assertConsistent();
  });
});

import { startLoopbackProvider } from "@baa/loopback-provider";
import { createConductorClient, createStatusClient, type StatusClient } from "@baa/client";
import type { Status } from "@baa/contracts";
import { Codexd, Conductor, readSse, StatusApi, startCodexd, startConductor, startStatusApi } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

let provider: Awaited<ReturnType<typeof startLoopbackProvider>>;
let codexd: Codexd;
let conductor: Conductor;
let statusApi: StatusApi;
let client: StatusClient;

beforeAll(async () => {
  provider = await startLoopbackProvider();
  codexd = await startCodexd({ provider });
  conductor = await startConductor({ codexd });
  statusApi = await startStatusApi({ conductor, env: { BAA_CONTROL_API_BASE: "https://conductor.example.net" } });
  client = createStatusClient({ baseUrl: statusApi.url, token: () => statusApi.token() });
});
afterAll(async () => {
  await client.close();
  for (const daemon of [statusApi, conductor, codexd]) await daemon.dispose();
  await provider.stop();
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    for (const daemon of [statusApi, conductor]) process.stderr.write(`---\n${daemon.output().slice(-10_000)}\n---\n`);
  });
});

/** Waits until the document says this. */
async function untilStatus(holds: (status: Status) => boolean): Promise<Status> {
  for (let triesLeft = 400; ; triesLeft--) {
    const status = await client.status();
    if (holds(status)) return status;
    if (triesLeft === 0) throw new Error(`it does not come to that: ${JSON.stringify(status, null, 2)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A turn through conductor, watched to its end by SSE through status-api. */
async function watchedTurn(input: string): Promise<{ sessionId: string; turnId: string; streamed: string }> {
  const drive = createConductorClient({ baseUrl: conductor.url, token: () => conductor.token() });
  try {
    const { session } = await drive.codexCreateSession({ body: { title: "watched" } });
    const texts: string[] = [];
    const streaming = readSse({
      url: `${statusApi.url}/v1/events?after=0&sessionId=${session.id}`,
      token: statusApi.token(),
      isLast: (frame) => frame.event === "turn.completed",
      onFrame: ({ data }) => {
        const { channel, delta } = (data["data"] ?? {}) as { channel?: string; delta?: string };
        if (channel === "text") texts.push(String(delta));
      },
    });
    const { turn } = await drive.codexStartTurn({ params: { sessionId: session.id }, body: { input } });
    await streaming;
    return { sessionId: session.id, turnId: turn.id, streamed: texts.join("") };
  } finally {
    await drive.close();
  }
}

let watched: Awaited<ReturnType<typeof watchedTurn>>;

test("a turn is streamed as it comes, and what it left can be read", async () => {
  watched = await watchedTurn("to be seen");
  const { sessionId, turnId, streamed } = watched;
  const { turn, staleMs } = await client.readTurn({ params: { sessionId, turnId } });
  expect(turn.state).toBe("completed");
  expect([turn.text, staleMs]).toEqual([streamed, 0]);
  expect(streamed).toContain("to be seen");
  const { sessions } = await client.listSessions();
  expect(sessions.map(({ id, title }) => [id, title])).toEqual([[sessionId, "watched"]]);
  expect((await client.readSession({ params: { sessionId } })).session.id).toBe(sessionId);
  expect((await client.listTurns({ params: { sessionId } })).turns.map(({ id }) => id)).toEqual([turnId]);
  expect((await client.listApprovals()).approvals).toEqual([]);
});

test("the status tells all of both daemons, and conductor's own feed can be followed too", async () => {
  const status = await untilStatus(({ summary }) => summary.level === "ok");
  expect(status.summary.text).toBe("All services are up. 0 turns in progress, 0 approvals waiting.");
  expect(status.services.conductor).toMatchObject({ state: "up", role: "leader", ready: true, node: "test", fence: 1 });
  expect(status.services.codexd).toMatchObject({ state: "up", ready: true, guarantees: "full" });
  expect(status.child).toMatchObject({ state: "ready", generation: 1 });
  expect(status.counts).toMatchObject({ sessions: 1, turnsInFlight: 0, approvalsWaiting: 0 });
  expect(status.controlApiBase).toBe("https://conductor.example.net");
  const own = await client.events({ query: { source: "conductor", after: "0", limit: 1 } });
  expect(own.events[0]?.type).toBe("conductor.leading");
  expect(await client.metrics()).toContain("status_conductor_up 1");
  expect(await client.openapi()).toMatchObject({ openapi: "3.1.0" });
  expect([await client.healthz(), await client.readyz()]).toEqual([{ status: "ok" }, { status: "ready", reasons: [] }]);
});

test("conductor's token for it reads and does nothing else, and is conductor's secret", async () => {
  const { readFileSync, statSync } = await import("node:fs");
  const file = `${conductor.stateDir}/status-token`;
  const token = readFileSync(file, "utf8").trim();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const ask = async (method: string, at: string) => (await conductor.request(method, at, undefined, { token })).status;
  expect(await ask("GET", "/v1/codex/sessions")).toBe(200);
  expect(await ask("POST", "/v1/control/pause")).toBe(403);
  expect(await ask("DELETE", `/v1/codex/sessions/${watched.sessionId}`)).toBe(403);
  for (const text of [statusApi.output(), conductor.output(), JSON.stringify(await client.status())]) {
    expect(text).not.toContain(token);
  }
});

test("a dead codexd is shown as such, and found again", async () => {
  await codexd.kill();
  const status = await untilStatus(({ services }) => services.codexd.state === "down");
  expect(status.services.conductor.state).toBe("up");
  expect(status.sources["codex"]).toMatchObject({ staleReason: expect.any(String) });
  expect(status.counts).toMatchObject({ sessions: 1 });
  const stale = await client.listSessions();
  expect(stale.sessions).toHaveLength(1);
  expect(stale.staleMs).toBeGreaterThan(0);
  await codexd.start();
  const again = await untilStatus(({ summary }) => summary.level === "ok");
  expect(again.sources["codex"]?.staleMs).toBe(0);
});

test("a dead conductor is not a dead page: what it said last is shown with its age, codexd as it is", async () => {
  const { sessionId, turnId } = watched;
  await conductor.kill();
  const status = await untilStatus(({ services }) => services.conductor.state === "down");
  expect(status.summary.level).toBe("down");
  expect(status.services.conductor).toMatchObject({ role: "leader", reason: "ECONNREFUSED" });
  expect(status.services.codexd).toMatchObject({ state: "up", ready: true });
  expect(status.sources["codexd"]?.staleMs).toBe(0);
  expect(status.sources["conductor"]?.staleMs).toBeGreaterThan(0);

  const { turn, staleMs, staleReason } = await client.readTurn({ params: { sessionId, turnId } });
  expect([turn.text, staleReason]).toEqual([watched.streamed, expect.stringContaining("ECONNREFUSED")]);
  expect(staleMs).toBeGreaterThan(0);
  await expect(client.listSessions({ query: { limit: 3 } })).rejects.toMatchObject({ code: "conductor_down" });
  await expect(client.events()).rejects.toMatchObject({ status: 503, code: "conductor_down" });
  expect((await statusApi.request("/")).status).toBe(200);

  await conductor.start();
  await untilStatus(({ summary }) => summary.level === "ok");
  expect((await client.listSessions()).staleMs).toBe(0);
});

test("a conductor that hangs does not hang the page", async () => {
  await conductor.kill("SIGSTOP");
  try {
    const reply = await statusApi.request("/v1/status", { timeoutMs: 15_000 });
    expect(reply.status).toBe(200);
    const status = await untilStatus(({ services }) => services.conductor.state === "down");
    expect(status.services.conductor.reason).toContain("no answer within");
    expect((await client.listSessions()).sessions).toHaveLength(1);
  } finally {
    await conductor.kill("SIGCONT");
  }
  await untilStatus(({ summary }) => summary.level === "ok");
});

import path from "node:path";
import fs from "node:fs";
import { createConductorClient, events } from "@baa/client";
import { readSse } from "@baa/test-kit";
import { expect, test } from "vitest";
import { createSession, problemOf, startTurn, turnEvent, turnPath } from "./support/drive.ts";
import { useSystem } from "./support/system.ts";

const getSystem = useSystem();

test("a turn is created, streamed by SSE and WebSocket, and read, all through conductor", async () => {
  const system = getSystem();
  const { conductor, ledger } = system;
  const session = await createSession(system);
  const text: string[] = [];
  const streaming = readSse({
    url: `${conductor.url}/v1/codex/events?after=0&sessionId=${session.id}`,
    token: conductor.token(),
    isLast: (frame) => frame.event === "turn.completed",
    onFrame: ({ data }) => {
      const { channel, delta } = (data["data"] ?? {}) as { channel?: string; delta?: string };
      if (channel === "text") text.push(String(delta));
    },
  });

  const turn = await startTurn(system, session.id, "through the front door");
  const frames = await streaming;
  await ledger.waitForEnd(turn.id);

  const read = await conductor.request("GET", `${turnPath(turn)}?waitMs=5000`);
  expect(read.status).toBe(200);
  const { state, text: whole } = (read.json as { turn: { state: string; text: string } }).turn;
  expect(state).toBe("completed");
  expect(text.join("")).toBe(whole);
  expect(whole).toContain("through the front door");
  expect(frames.some(({ event }) => event === "item.delta")).toBe(true);
  await ledger.assertConsistent();
});

test("a turn is steered and interrupted through conductor", async () => {
  const system = getSystem();
  const session = await createSession(system);
  const turn = await startTurn(system, session.id, "[[deltas=2000 interval=20]] count");
  await turnEvent(system, turn.id, "turn.started");
  await turnEvent(system, turn.id, "item.delta");

  const steered = await system.ledger.post(`${turnPath(turn)}/steer`, {
    input: "[[deltas=2000 interval=20]] and faster",
  });
  expect(steered.status).toBe(202);
  const interrupted = await system.ledger.post(`${turnPath(turn)}/interrupt`, {});
  expect(interrupted.status).toBe(202);

  const end = await system.ledger.waitForEnd(turn.id);
  expect(end.type).toBe("turn.interrupted");
  await system.ledger.assertConsistent();
});

test("an approval is answered through conductor, and the command runs only then", async () => {
  const system = getSystem();
  const cwd = system.codexd.workDir("asking");
  const session = await createSession(system, { cwd, sandbox: "workspace-write", approvalPolicy: "untrusted" });
  const file = path.join(cwd, "asked.ran");
  const turn = await startTurn(system, session.id, "[[run: touch asked.ran && echo made it]] asked");
  const { approvalId } = await turnEvent(system, turn.id, "approval.requested");
  expect(fs.existsSync(file)).toBe(false);

  const decided = await system.ledger.post(`/v1/codex/approvals/${approvalId}`, { decision: "accept" });
  expect(decided.status).toBe(200);
  const again = await system.ledger.post(`/v1/codex/approvals/${approvalId}`, { decision: "decline" });
  expect(problemOf(again)).toEqual({ status: 409, code: "approval_resolved" });

  expect((await system.ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
  expect(fs.existsSync(file)).toBe(true);
});

test("the typed client and follower drive a turn, and conductor's own feed tells of it without its text", async () => {
  const { conductor } = getSystem();
  const options = { baseUrl: conductor.url, token: () => conductor.token() };
  const client = createConductorClient(options);
  try {
    const { headSeq, logId } = await client.events({ query: { limit: 1 } });
    const { session } = await client.codexCreateSession({ body: { title: "typed" } });
    const params = { sessionId: session.id };
    const { turn } = await client.codexStartTurn({ params, body: { input: "with the typed client" } });
    const read = await client.codexReadTurn({ params: { ...params, turnId: turn.id }, query: { waitMs: 20_000 } });
    expect(read.turn).toMatchObject({ state: "completed", text: expect.stringContaining("with the typed client") });

    const seen: string[] = [];
    for await (const event of events({ ...options, path: "/v1/events", after: `${logId}:${headSeq}` })) {
      if (event.sessionId === session.id) seen.push(event.type);
      expect(JSON.stringify(event)).not.toContain("typed client");
      if (event.type === "turn.completed" && event.turnId === turn.id) break;
    }
    expect(seen.filter((type) => !type.startsWith("usage."))).toEqual(
      expect.arrayContaining(["session.created", "turn.accepted", "turn.forwarding", "turn.started", "turn.completed"]),
    );
    await expect(
      client.codexReadTurn({ params: { ...params, turnId: `turn_${"0".repeat(32)}` } }),
    ).rejects.toMatchObject({
      code: "turn_not_found",
    });
  } finally {
    await client.close();
  }
});

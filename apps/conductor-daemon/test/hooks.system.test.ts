import { setTimeout as sleep } from "node:timers/promises";
import { DeliveryList, DeliveryReply, HookList } from "@baa/contracts";
import { createRandom } from "@baa/test-kit";
import { expect, test } from "vitest";
import { createSession, startTurn } from "./support/drive.ts";
import { SECRET, startHookTarget } from "./support/hook-target.ts";
import { readKills } from "./support/kills.ts";
import { allEvents } from "./support/read-all.ts";
import { startSystem, type System, waitLink } from "./support/system.ts";

const { seed, hookKills } = readKills();
/** Longest life of a conductor, in milliseconds. */
const LIFE_MS = 700;

const ENDS = "turn.completed,turn.failed,turn.interrupted,turn.lost";

/** Turn ids that ended, as codexd's log says. */
const endedTurns = async ({ codexd }: System): Promise<string[]> =>
  (await allEvents(codexd, "/v1/codexd/events", `&types=${ENDS}`)).map(({ turnId }) => turnId ?? "");

test(
  `conductor killed ${hookKills} times while it tells hooks (seed ${seed}): every event is told, at least once`,
  { timeout: 60_000 + hookKills * 10_000 },
  async (t) => {
    const system = await startSystem(t);
    const { conductor } = system;
    const target = await startHookTarget();
    const random = createRandom(seed);
    // Slow, and now and then unwilling: kills meet messages on their way, waiting, and just taken.
    target.answer = (response) => {
      const status = random.below(10) === 0 ? 503 : 204;
      setTimeout(() => response.writeHead(status).end(), random.below(60));
    };
    conductor.writeHooks([{ id: "phone", url: target.url, secret: SECRET, types: ["turn.*"] }]);

    // What happened before it has read the file, or first heard of codexd's log, is not told.
    const hooks = async (): Promise<unknown> => (await conductor.request("GET", "/v1/hooks")).json;
    await expect.poll(hooks, { timeout: 20_000 }).toMatchObject({ hooks: [{ id: "phone" }] });
    const runtime = async (): Promise<unknown> => (await conductor.request("GET", "/v1/runtime")).json;
    await expect.poll(runtime, { timeout: 20_000 }).toMatchObject({ codexd: { cursor: expect.any(String) } });

    let isRunning = true;
    const talking = (async () => {
      const session = (await system.codexd.request("POST", "/v1/codexd/sessions", {})).json as {
        session: { id: string };
      };
      const at = `/v1/codexd/sessions/${session.session.id}/turns`;
      while (isRunning) {
        const started = await system.codexd.request("POST", at, { input: "hello" });
        const { turn } = started.json as { turn: { id: string } };
        await system.codexd.request("GET", `${at}/${turn.id}?waitMs=30000`, undefined, { timeoutMs: 40_000 });
        await sleep(random.below(400));
      }
    })();
    for (let life = 0; life < hookKills; life += 1) {
      await sleep(random.below(LIFE_MS));
      await conductor.kill("SIGKILL");
      await conductor.start({ until: "listening" });
    }
    isRunning = false;
    await talking;
    await conductor.waitReady();

    const ended = await endedTurns(system);
    const told = (): string[] => [...new Set(target.received.map(({ message }) => String(message.data["turnId"])))];
    await expect.poll(() => ended.filter((id) => !told().includes(id)), { timeout: 60_000 }).toEqual([]);
    const byTurn = new Map<string, Set<string>>();
    for (const { id, message } of target.received) {
      const turnId = String(message.data["turnId"]);
      byTurn.set(turnId, (byTurn.get(turnId) ?? new Set()).add(id));
    }
    // Told twice is the same message twice: one id for each event.
    expect([...byTurn.values()].filter((ids) => ids.size !== 1)).toEqual([]);
    expect(ended.length).toBeGreaterThan(0);
    await t.annotate(`${ended.length} events, ${target.received.length} messages`);
  },
);

test("what hooks are told of, what is never told, and what can be seen and done", async (t) => {
  const system = await startSystem(t);
  const { conductor, codexd } = system;
  const target = await startHookTarget();
  const hook = (id: string, url: string, more: object = {}) => ({ id, url, secret: SECRET, ...more });
  conductor.writeHooks([
    hook("phone", target.url),
    hook("ourselves", `http://127.0.0.1:${conductor.port}/v1/control/pause`),
    hook("off", target.url, { enabled: false }),
  ]);
  await conductor.restart();
  await waitLink(conductor, "up");

  const session = await createSession(system, { approvalPolicy: "untrusted" });
  const turn = await startTurn(system, session.id, "[[run: touch heliotrope]] say heliotrope");
  const { approvalId = "" } = await system.ledger.waitFor(({ type }) => type === "approval.requested");
  await conductor.request("POST", `/v1/codex/approvals/${approvalId}`, { decision: "decline" });
  await system.ledger.waitForEnd(turn.id);
  await codexd.kill("SIGKILL");
  await waitLink(conductor, "down");
  await codexd.start();
  const types = (): string[] => target.received.map(({ message }) => message.type);
  await expect.poll(types, { timeout: 30_000 }).toContain("codexd.up");
  expect(types()).toEqual(["approval.requested", expect.stringMatching(/^turn\./), "codexd.down", "codexd.up"]);
  expect(target.received[0]?.message.data).toMatchObject({ approvalId, sessionId: session.id, kind: "command" });
  expect(JSON.stringify(target.received)).not.toContain("heliotrope");

  const list = HookList.parse((await conductor.request("GET", "/v1/hooks")).json);
  expect(list.hooks.map(({ id, enabled }) => [id, enabled])).toEqual([
    ["phone", true],
    ["ourselves", true],
    ["off", false],
  ]);
  expect(list.hooks[1]?.last).toMatchObject({ state: "pending", reason: "it is one of our own services" });
  expect(list.hooks[2]?.counts).toEqual({ pending: 0, delivered: 0, failed: 0 });

  const tested = await conductor.request("POST", "/v1/hooks/phone/test", {}, { headers: { "idempotency-key": "t" } });
  const { id } = DeliveryReply.parse(tested.json).delivery;
  const again = await conductor.request("POST", "/v1/hooks/phone/test", {}, { headers: { "idempotency-key": "t" } });
  expect([tested.status, DeliveryReply.parse(again.json).delivery.id]).toEqual([202, id]);
  await expect.poll(() => target.received.at(-1)).toMatchObject({ id, message: { type: "hook.test" } });
  const told = async (): Promise<DeliveryList> =>
    DeliveryList.parse((await conductor.request("GET", "/v1/hooks/phone/deliveries?state=delivered")).json);
  await expect.poll(async () => (await told()).deliveries.length).toBe(5);
  const resent = await conductor.request("POST", `/v1/hooks/phone/deliveries/${id}/redeliver`, {});
  expect(resent.status).toBe(202);
  await expect.poll(() => target.received.filter((received) => received.id === id)).toHaveLength(2);
  expect((await conductor.request("POST", "/v1/hooks/off/test", {})).json).toMatchObject({ code: "hook_disabled" });
  expect((await conductor.request("GET", "/v1/hooks/x/deliveries")).json).toMatchObject({ code: "hook_not_found" });
  const metrics = (await conductor.request("GET", "/metrics")).text;
  expect(metrics).toMatch(/conductor_hook_attempts_total\{hook="phone",outcome="delivered"\} [5-9]/);
  expect(metrics).toMatch(/conductor_hook_deliveries_pending\{hook="ourselves"\} [1-9]/);
  expect(`${conductor.output()}${metrics}`).not.toContain(SECRET);
});

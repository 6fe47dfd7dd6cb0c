import { type FirefoxCommand, FirefoxCommandReply, FirefoxPairingReply } from "@baa/contracts";
import { Codexd, Conductor, FAILPOINT_PRELOAD, failpointEnv, FakeFirefox, FakeRefused } from "@baa/test-kit";
import type { Failpoint, FakeScript, PlainReply } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

let codexd: Codexd;
let conductor: Conductor;
let firefox: FakeFirefox;

/** Scripts whose end the test decides. */
const held = new Map<string, () => void>();
const hold: FakeScript = (command) => new Promise((resolve) => held.set(command.id, () => resolve({ wasBusy: true })));

beforeAll(async () => {
  codexd = new Codexd({ child: { command: "true" } });
  conductor = new Conductor({ codexd, nodeArgs: ["--import", FAILPOINT_PRELOAD] });
  await conductor.start();
  firefox = await pairedFirefox();
});
afterAll(async () => {
  await conductor.dispose();
  await codexd.dispose();
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => void process.stderr.write(`---\n${conductor.output().slice(-20_000)}\n---\n`));
});

async function pairedFirefox(): Promise<FakeFirefox> {
  const scripts: Record<string, FakeScript> = { "tabs.list": () => ({ tabs: [] }), "chat.stop": hold };
  const browser = new FakeFirefox({ url: () => conductor.url, scripts });
  const made = await conductor.request("POST", "/v1/firefox/pairings", { kind: "code", name: "test" });
  await browser.pair(FirefoxPairingReply.parse(made.json).pairing.code ?? "");
  return browser;
}

const at = (path: string): string => `/v1/firefox${path}`;
const get = (path: string): Promise<PlainReply> => conductor.request("GET", at(path));
const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<PlainReply> =>
  conductor.request("POST", at(path), body, { headers, timeoutMs: 40_000 });

/** Asks the browser of the file for something; it must be taken. */
async function ask(method: string, more: object = {}): Promise<FirefoxCommand> {
  const reply = await post("/commands", { clientId: firefox.clientId, method, ...more });
  expect([200, 202]).toContain(reply.status);
  return FirefoxCommandReply.parse(reply.json).command;
}

/** How a command ended. */
async function ended(id: string): Promise<FirefoxCommand> {
  const reply = await conductor.request("GET", at(`/commands/${id}?waitMs=30000`), undefined, { timeoutMs: 40_000 });
  return FirefoxCommandReply.parse(reply.json).command;
}

const begun = async (id: string): Promise<void> => expect.poll(() => held.has(id), { timeout: 20_000 }).toBe(true);
const timesDone = (id: string): number => firefox.executed.filter((command) => command.id === id).length;

async function restart(points: readonly Failpoint[] = []): Promise<void> {
  if (conductor.isRunning) await conductor.kill("SIGKILL");
  await firefox.closed;
  await conductor.start({ env: failpointEnv({ points }) });
}

describe("asking a browser", () => {
  test("a command goes to the browser and its result comes back, in one request", async () => {
    const reply = await post("/commands", { method: "tabs.list", waitMs: 20_000 });
    expect([reply.status, reply.json]).toMatchObject([200, { command: { state: "completed", result: { tabs: [] } } }]);
    const { id } = FirefoxCommandReply.parse(reply.json).command;
    expect((await get(`/commands/${id}`)).json).toMatchObject({ command: { state: "completed", by: "shared" } });
    const result = await get(`/commands/${id}/result`);
    expect([result.status, result.headers["content-type"], result.text]).toEqual([
      200,
      "text/plain; charset=utf-8",
      '{"tabs":[]}',
    ]);
    expect((await get("/commands?limit=1")).json).toMatchObject({ commands: [{ id }], nextCursor: null });
    expect((await get("/clients")).json).toMatchObject({
      clients: [{ id: firefox.clientId, name: "test", state: "connected", methods: ["tabs.list", "chat.stop"] }],
    });
    expect((await get(`/clients/${firefox.clientId}`)).json).toMatchObject({ client: { openCommands: 0 } });
  });

  test("the same key asks once, whether it still runs or has ended", async () => {
    const body = { method: "chat.stop" };
    const key = { "idempotency-key": "once" };
    const first = await post("/commands", body, key);
    const { id } = FirefoxCommandReply.parse(first.json).command;
    await begun(id);
    const running = await post("/commands", { ...body }, key);
    expect([first.status, running.status, running.json]).toEqual([202, 202, first.json]);
    held.get(id)?.();
    expect(await ended(id)).toMatchObject({ state: "completed", result: { wasBusy: true } });
    expect(timesDone(id)).toBe(1);
    expect((await post("/commands", { method: "tabs.list" }, key)).json).toMatchObject({
      code: "idempotency_key_reused",
    });
  });

  test("a caller that waits too shortly gets 202 and the command as it is; it can be cancelled", async () => {
    firefox.scripts["chat.stop"] = (_, { signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve({ wasBusy: false })));
    const reply = await post("/commands", { method: "chat.stop", waitMs: 1 });
    expect([reply.status, reply.json]).toMatchObject([202, { command: { state: "sent" } }]);
    const { id } = FirefoxCommandReply.parse(reply.json).command;
    expect((await get(`/commands/${id}/result`)).json).toMatchObject({ code: "no_result" });
    const cancelled = await post(`/commands/${id}/cancel`, {});
    expect(cancelled.status).toBe(202);
    expect(await ended(id)).toMatchObject({ result: { wasBusy: false } });
    firefox.scripts["chat.stop"] = hold;
  });

  test("a site is asked about, then allowed; the browser hears of both", async () => {
    const body = { method: "tabs.open", params: { url: "http://shop.test/" } };
    expect((await post("/commands", body)).json).toMatchObject({ code: "site_not_allowed", site: "shop.test" });
    expect((await get("/sites")).json).toMatchObject({ sites: [{ site: "shop.test", access: "asked" }] });
    const allowed = await post("/sites", { site: "shop.test", access: "allowed" });
    expect([allowed.status, allowed.json]).toMatchObject([200, { sites: [{ access: "allowed", by: "shared" }] }]);
    await firefox.waitFrame((frame) => JSON.stringify(frame).includes('"access":"allowed"'));
    expect((await post("/commands", { ...body, waitMs: 20_000 })).json).toMatchObject({
      command: { state: "failed", error: { code: "unsupported" } },
    });
  });

  test("a result of 32 MiB arrives", async () => {
    firefox.scripts["page.html"] = () => ({ html: "x".repeat(32 * 1024 * 1024) });
    const { id } = await ask("page.html");
    expect(await ended(id)).toMatchObject({ state: "completed", resultChars: 32 * 1024 * 1024 + 11 });
    const result = await get(`/commands/${id}/result`);
    expect(result.headers["content-length"]).toBe(String(32 * 1024 * 1024 + 11));
    expect(result.text).toHaveLength(32 * 1024 * 1024 + 11);
  });

  test("what happened is in a feed of its own, and in the places where others look", async () => {
    const { events } = (await get("/events")).json as { events: { type: string }[] };
    expect(events.slice(0, 5).map(({ type }) => type)).toEqual([
      "firefox.paired",
      "firefox.connected",
      "firefox.command.queued",
      "firefox.command.ended",
      "firefox.command.queued",
    ]);
    const capabilities = await conductor.request("GET", "/v1/capabilities");
    expect(capabilities.json).toMatchObject({
      capabilities: expect.arrayContaining([{ name: "firefox", path: "/v1/firefox", available: true }]),
    });
    const metrics = await conductor.request("GET", "/metrics");
    expect(metrics.text).toContain("conductor_firefox_clients_connected 1");
    expect(metrics.text).toContain('conductor_firefox_commands_total{method="tabs.list",state="completed"}');
  });

  test("while conductor drains nothing is begun, and what runs ends", async () => {
    const { id } = await ask("chat.stop");
    await begun(id);
    await conductor.request("POST", "/v1/control/drain", { id: "test" });
    expect((await post("/commands", { method: "tabs.list" })).json).toMatchObject({ code: "draining" });
    held.get(id)?.();
    expect((await ended(id)).state).toBe("completed");
    await conductor.request("POST", "/v1/control/resume", { id: "test" });
  });
});

describe("when somebody dies", () => {
  test("the browser is away: what is in time goes when it is back, the rest was never sent", async () => {
    await firefox.cut();
    const late = await ask("chat.stop", { ttlMs: 100 });
    const inTime = await ask("tabs.list");
    expect(await ended(late.id)).toMatchObject({ state: "expired", deliveries: 0 });
    await restart();
    await firefox.reconnect();
    expect((await ended(inTime.id)).state).toBe("completed");
    expect([timesDone(late.id), timesDone(inTime.id)]).toEqual([0, 1]);
  });

  test("conductor is killed while the browser works: done once, and the result is kept", async () => {
    const { id } = await ask("chat.stop");
    await begun(id);
    await restart();
    held.get(id)?.();
    await firefox.reconnect();
    expect(await ended(id)).toMatchObject({ state: "completed", result: { wasBusy: true } });
    expect(timesDone(id)).toBe(1);
  });

  test("conductor is killed with the result on disk and unacknowledged: done once, and the result is kept", async () => {
    await restart([{ fn: "promises.rename", nth: 1, action: "killAfter", path: ".part" }]);
    await firefox.reconnect();
    const html = "x".repeat(2 * 1024 * 1024);
    firefox.scripts["page.html"] = () => ({ html });
    const { id } = await ask("page.html");
    await conductor.waitExit();
    await restart();
    await firefox.reconnect();
    expect((await ended(id)).state).toBe("completed");
    expect((await get(`/commands/${id}/result`)).text).toBe(JSON.stringify({ html }));
    expect([timesDone(id), firefox.journal.size]).toEqual([1, 0]);
  });

  test("the browser's background dies in the middle of a write: interrupted, outcome unknown, not done again", async () => {
    const { id } = await ask("chat.stop");
    await begun(id);
    await firefox.restartBackground();
    await firefox.reconnect();
    expect(await ended(id)).toMatchObject({ state: "interrupted", error: { outcome: "unknown" } });
    expect(timesDone(id)).toBe(1);
  });
});

describe("who is connected", () => {
  test("a second connection of the same browser wins, the first is closed with 4409", async () => {
    const older = firefox.closed;
    await firefox.connect();
    expect(await older).toBe(4409);
    expect((await ask("tabs.list", { waitMs: 20_000 })).state).toBe("completed");
  });

  test("one that is revoked is closed with 4410 and does not get in again; its commands end", async () => {
    const other = await pairedFirefox();
    expect((await post("/commands", { method: "tabs.list" })).json).toMatchObject({ code: "client_ambiguous" });
    const asked = await post("/commands", { clientId: other.clientId, method: "chat.stop" });
    const { id } = FirefoxCommandReply.parse(asked.json).command;
    await begun(id);
    const key = { headers: { "idempotency-key": "revoke" } };
    const revoke = () => conductor.request("DELETE", at(`/clients/${other.clientId}`), undefined, key);
    expect([(await revoke()).status, (await revoke()).status]).toEqual([204, 204]);
    expect(await other.closed).toBe(4410);
    expect((await ended(id)).state).toBe("interrupted");
    expect(await other.connect().catch((error: unknown) => error)).toEqual(new FakeRefused({ status: 403 }));
    expect((await get(`/clients/${other.clientId}`)).json).toMatchObject({ code: "firefox_client_not_found" });
  });

  test("a door can be closed before anybody came through", async () => {
    const made = FirefoxPairingReply.parse((await post("/pairings", { kind: "policy" })).json);
    const { id } = made.pairing;
    expect((await get("/pairings")).json).toMatchObject({ pairings: [{ id, kind: "policy" }] });
    expect((await conductor.request("DELETE", at(`/pairings/${id}`))).status).toBe(204);
    expect((await get("/pairings")).json).toEqual({ pairings: [], nextCursor: null });
  });
});

import { afterAll, beforeAll, expect, test } from "vitest";
import type { FirefoxPage } from "@baa/test-kit/firefox";
import { asContentScript, attemptScript, installStranger, REFUSED, strangersHello } from "../support/attempts.ts";
import { Impostor, type ImpostorPlay } from "../support/impostor.ts";
import type { OperatorsFirefox } from "../support/operators-firefox.ts";
import type { ManifestVersion } from "../support/packed.ts";
import { connectTwin } from "../support/twin.ts";
import type { Bridge } from "../support/use-bridge.ts";

/** Who gets in, and who does not. Begins with a browser that is not paired, and leaves a paired one. */
export const doorTests = (bridge: () => Bridge, manifest: ManifestVersion): void => {
  let stranger: FirefoxPage;
  let strangersOrigin: string;
  let page: FirefoxPage;
  let address: string;

  beforeAll(async () => {
    const { operators, site } = bridge();
    const { extension, page: strangersPage } = await installStranger(operators.firefox);
    strangersOrigin = extension.origin;
    stranger = strangersPage;
    address = site.url("/plain", "shop.test");
    page = await operators.firefox.newPage(address);
    await operators.dial(bridge().desk);
  });
  afterAll(() => Promise.all([stranger.close(), page.close()]));

  const socketUrl = (): string => `ws://127.0.0.1:${bridge().conductor.port}/ws/firefox`;
  const fromPage = (hello?: object) => page.evaluate(attemptScript(socketUrl(), hello));
  const fromContentScript = (hello?: object) => asContentScript(stranger, address, attemptScript(socketUrl(), hello));
  const fromStranger = (hello?: object) => stranger.evaluate(attemptScript(socketUrl(), hello));

  test("while no door is open nobody gets a socket: page, content script, other extension, our own", async () => {
    const hello = strangersHello("key");
    expect(await fromPage(hello)).toEqual(REFUSED);
    expect(await fromContentScript(hello)).toEqual(REFUSED);
    expect(await fromStranger(hello)).toEqual(REFUSED);
    const { operators } = bridge();
    expect(await operators.withPopup((popup) => popup.evaluate(attemptScript(socketUrl(), hello)))).toEqual(REFUSED);
    expect((await operators.waitConnection({ kind: "notPaired" })).isPaired).toBe(false);
  });

  test("an open door lets no page and no content script in; another extension gets a challenge and no more", async () => {
    const { conductor, desk } = bridge();
    await desk.openDoor();
    expect(await fromPage()).toEqual(REFUSED);
    expect(await fromContentScript()).toEqual(REFUSED);
    const turnedAway = { isOpened: true, code: 4401, frames: ["challenge"] };
    expect(await fromStranger(strangersHello("key"))).toEqual(turnedAway);
    expect(await fromStranger({ t: "journal", ids: [], methods: [] })).toEqual(turnedAway);
    const tries = async () => {
      const reply = await conductor.request("GET", "/v1/firefox/pairings");
      return (reply.json as { pairings: { triesLeft: number }[] }).pairings.map(({ triesLeft }) => triesLeft);
    };
    expect(await tries()).toEqual([5]);
    expect(await fromStranger(strangersHello("code"))).toEqual(turnedAway);
    expect(await tries()).toEqual([4]);
    for (let left = 4; left > 0; left -= 1) await fromStranger(strangersHello("code"));
    expect(await tries()).toEqual([]);
    expect(await fromStranger(strangersHello("code"))).toEqual(REFUSED);
    expect(await desk.clients()).toEqual([]);
  });

  test("five wrong codes close the door: the right one is too late", async () => {
    const { desk, operators } = bridge();
    const code = await desk.openDoor();
    const wrong = code === "00000000" ? "00000001" : "00000000";
    for (let time = 0; time < 5; time += 1) {
      expect(await operators.popup({ do: "pair", code: wrong })).toMatchObject({ ok: false });
    }
    expect(await operators.popup({ do: "pair", code })).toMatchObject({ ok: false });
    expect(await desk.clients()).toEqual([]);
    expect((await operators.waitConnection({ kind: "notPaired" })).isPaired).toBe(false);
  });

  test("the user pairs by typing the code into the popup; it works once", async () => {
    const { desk, operators } = bridge();
    const code = await desk.openDoor();
    const popup = await operators.firefox.newPage(`${operators.extension.origin}/popup/popup.html`);
    await popup.click("#code");
    await popup.type(`${code}\n`);
    await popup.waitFor(`document.querySelector("#status-title").textContent.includes("Connected")`);
    await popup.close();
    await operators.waitPaired(desk);
    const [client] = await desk.clients();
    expect(client).toMatchObject({ id: operators.clientId, origin: operators.extension.origin, state: "connected" });
    expect(client?.info).toMatchObject({ manifest, hasAllSites: true, extension: "0.1.0" });
    expect(String(client?.info?.["browser"])).toMatch(/^Firefox \d+/);
    expect(await operators.popup({ do: "pair", code })).toMatchObject({ ok: false });
  });

  test("a paired browser opens the door to nobody else, whatever they say they are", async () => {
    const { operators } = bridge();
    const hello = strangersHello("key", operators.clientId);
    expect(await fromPage(hello)).toEqual(REFUSED);
    expect(await fromContentScript(hello)).toEqual(REFUSED);
    expect(await fromStranger(hello)).toEqual(REFUSED);
    expect(strangersOrigin).not.toBe(operators.extension.origin);
  });

  test.each<{ play: ImpostorPlay; told: Parameters<OperatorsFirefox["waitConnection"]>[0] }>([
    { play: "forged proof", told: { kind: "impostor" } },
    { play: "reflected proof", told: { kind: "impostor" } },
    { play: "no handshake", told: { kind: "connecting", why: "refused" } },
  ])("an impostor ($play) on conductor's port gets a hello at most, and nothing done", async ({ play, told }) => {
    const { conductor, desk, operators, site } = bridge();
    const id = `cmd_${"1".repeat(32)}`;
    const params = { url: site.url("/impostor-was-here"), active: false };
    await desk.setSite(site.hostOf("127.0.0.1"), "allowed", operators.clientId);
    await conductor.kill("SIGKILL");
    const command = { t: "cmd", id, method: "tabs.open", params, effect: "write", ttlMs: 60_000 };
    const impostor = await Impostor.start(conductor.port, play, command);
    await operators.waitConnection(told);
    expect(impostor.connections).toBeGreaterThan(0);
    expect(impostor.received.every((type) => type === "hello")).toBe(true);
    await impostor.stop();
    await conductor.start({ until: "listening" });
    expect(await operators.popup({ do: "connect" })).toEqual({ ok: true }); // it would look again in a minute
    await desk.waitClient(operators.clientId, "connected");
    expect(site.hits("/impostor-was-here")).toBe(0);
  });

  test("a second holder of the key wins (4409), and the browser stays away until its user says so", async () => {
    const { conductor, desk, operators } = bridge();
    const key = await operators.key();
    const { port } = conductor;
    const twin = await connectTwin({ port, origin: operators.extension.origin, clientId: operators.clientId, key });
    await operators.waitConnection({ kind: "superseded" });
    expect(twin.readyState).toBe(twin.OPEN);
    const closed = new Promise((resolve) => twin.on("close", resolve));
    expect(await operators.popup({ do: "connect" })).toEqual({ ok: true });
    expect(await closed).toBe(4409);
    await operators.waitConnection({ kind: "connected" });
    await desk.waitClient(operators.clientId, "connected");
  });

  test("revoked: its socket is closed, its key forgotten and worth nothing, and it can be paired again", async () => {
    const { conductor, desk, operators } = bridge();
    const key = await operators.key();
    const { clientId, extension } = operators;
    await desk.revoke(clientId);
    expect((await operators.waitConnection({ kind: "revoked" })).isPaired).toBe(false);
    expect(await desk.clients()).toEqual([]);
    const twin = connectTwin({ port: conductor.port, origin: extension.origin, clientId, key });
    await expect(twin).rejects.toThrow("403");
    await operators.pair(desk);
  });
};

import { pathToFileURL } from "node:url";
import { FIREFOX_EXTENSION_ID, FIREFOX_PROTOCOL } from "@baa/contracts/firefox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { OperatorsFirefox } from "../support/operators-firefox.ts";
import { type ManifestVersion, packed } from "../support/packed.ts";
import { type Bridge, HOSTS } from "../support/use-bridge.ts";

/** What an operator puts into policies.json: the extension, where conductor is, and a code for one browser. */
const policiesFor = (manifest: ManifestVersion, managed: { url: string; pairingCode: string }): object => ({
  Preferences: { "xpinstall.signatures.required": { Value: false, Status: "locked" } },
  ExtensionSettings: {
    [FIREFOX_EXTENSION_ID]: {
      installation_mode: "force_installed",
      install_url: pathToFileURL(packed(manifest)).href,
    },
  },
  "3rdparty": { Extensions: { [FIREFOX_EXTENSION_ID]: managed } },
});

/** HTTP status with which a socket of this Origin is refused; 101 when it is not. */
const upgradeStatus = (url: string, origin: string): Promise<number> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, FIREFOX_PROTOCOL, { origin });
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.on("error", () => undefined); // told by the response
  });

/** Two browsers at one conductor. Revokes the second at its end. */
export const clientTests = (bridge: () => Bridge, manifest: ManifestVersion): void => {
  let second: OperatorsFirefox;
  let url: string;

  const desk = () => bridge().desk;
  const first = () => bridge().operators;
  const open = (clientId: string, target: string) =>
    desk().result("tabs.open", { url: bridge().site.url(target, "shop.test") }, { clientId });

  beforeAll(async () => {
    url = `ws://127.0.0.1:${bridge().conductor.port}/ws/firefox`;
    const pairingCode = await desk().openDoor("policy");
    second = await OperatorsFirefox.start(manifest, {
      hosts: HOSTS,
      policies: policiesFor(manifest, { url, pairingCode }),
    });
  });
  afterAll(() => second.dispose());

  test("a policy installs the extension and enrols it: nobody has touched that browser", async () => {
    await second.waitPaired(desk());
    const clients = await desk().clients();
    expect(clients.map(({ state }) => state)).toEqual(["connected", "connected"]);
    expect(clients.map(({ id }) => id).toSorted()).toEqual([first().clientId, second.clientId].toSorted());
    expect(await second.popup({ do: "tellState" })).toMatchObject({ isPaired: true, isUrlManaged: true, url });
    expect(await second.popup({ do: "setUrl", url: "ws://127.0.0.1:1/ws/firefox" })).toMatchObject({ ok: false });
    const installed = `AddonManager.getAddonByID(${JSON.stringify(FIREFOX_EXTENSION_ID)})`;
    const mayDisable = `Boolean((await ${installed}).permissions & AddonManager.PERM_CAN_DISABLE)`;
    expect(await second.firefox.chrome.evaluate(`(async () => ${mayDisable})()`)).toBe(false);
  });

  test("the policy's code is used up: no other browser comes through its door", async () => {
    const pairings = await bridge().conductor.request("GET", "/v1/firefox/pairings");
    expect(pairings.json).toMatchObject({ pairings: [] });
    expect(await upgradeStatus(url, "moz-extension://01234567-89ab-cdef-0123-456789abcdef")).toBe(403);
  });

  test("a command that names no browser is refused while two could be meant; one that does reaches that one alone", async () => {
    const shop = bridge().site.hostOf("shop.test");
    const unnamed = await desk().post("tabs.list", {});
    expect([unnamed.status, (unnamed.json as { code: string }).code]).toEqual([409, "client_ambiguous"]);
    await desk().setSite(shop, "allowed", first().clientId);
    await desk().setSite(shop, "allowed", second.clientId);
    await open(first().clientId, "/plain?in-first");
    await open(second.clientId, "/plain?in-second");
    const targets = async (clientId: string): Promise<string> => {
      const { tabs } = await desk().result<{ tabs: { url?: string }[] }>("tabs.list", {}, { clientId });
      return tabs.map((tab) => tab.url ?? "").join(" ");
    };
    const inFirst = await targets(first().clientId);
    const inSecond = await targets(second.clientId);
    expect([inFirst.includes("?in-first"), inFirst.includes("?in-second")]).toEqual([true, false]);
    expect([inSecond.includes("?in-first"), inSecond.includes("?in-second")]).toEqual([false, true]);
    expect([bridge().site.hits("/plain?in-first"), bridge().site.hits("/plain?in-second")]).toEqual([1, 1]);
  });

  test("what one browser may touch says nothing of the other", async () => {
    await desk().setSite(bridge().site.hostOf("shop.test"), "denied", second.clientId);
    const again = { url: bridge().site.url("/plain?again", "shop.test") };
    const refused = await desk().post("tabs.open", again, { clientId: second.clientId });
    expect([refused.status, (refused.json as { code: string }).code]).toEqual([403, "site_not_allowed"]);
    expect((await desk().ask("tabs.open", again, { clientId: first().clientId })).state).toBe("completed");
    expect(bridge().site.hits("/plain?again")).toBe(1);
  });

  test("with one gone a command without a name goes to the other; what was meant for the one waits for it", async () => {
    await first().firefox.close();
    await desk().waitClient(first().clientId, "disconnected");
    expect((await desk().ask("tabs.list")).clientId).toBe(second.clientId);
    const waiting = await desk().begin(
      "tabs.open",
      { url: bridge().site.url("/plain?later", "shop.test") },
      { clientId: first().clientId },
    );
    await first().start();
    expect(await desk().ended(waiting.id)).toMatchObject({ state: "completed", clientId: first().clientId });
    expect(bridge().site.hits("/plain?later")).toBe(1);
  });

  test("revoked, one is gone and the other stays", async () => {
    await desk().revoke(second.clientId);
    await second.waitConnection({ kind: "revoked" });
    expect((await desk().clients()).map(({ id, state }) => [id, state])).toEqual([[first().clientId, "connected"]]);
    expect(await upgradeStatus(url, second.extension.origin)).toBe(403);
  });
};

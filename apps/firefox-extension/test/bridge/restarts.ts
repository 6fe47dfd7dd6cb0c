import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { Bridge } from "../support/use-bridge.ts";

/** Milliseconds; three times what is promised of the way back after conductor's return. */
const BACK_MS = 3 * 2_000;
/** Milliseconds until an event page that hears nothing is stopped, and how often conductor pings. */
const IDLE_MS = 2_500;
export const HEARTBEAT_MS = 1_000;

/** Silences and ends of each of the three, with work in progress. */
export const restartTests = (bridge: () => Bridge): void => {
  const desk = () => bridge().desk;
  const site = () => bridge().site;
  const clientId = (): string => bridge().operators.clientId;
  const heldPost = (name: string) => ({ url: site().url(`/held/${name}`, "shop.test"), method: "POST", tabId });
  let tabId: number;

  const openShop = async (): Promise<number> => {
    const params = { url: site().url("/plain", "shop.test"), active: true };
    return (await desk().result<{ tab: { id: number } }>("tabs.open", params)).tab.id;
  };

  beforeAll(async () => {
    await desk().setSite(site().hostOf("shop.test"), "allowed");
    tabId = await openShop();
  });

  test("idle for twice the time of an event page: pings keep it there, on one connection", async (t) => {
    const { operators } = bridge();
    const { extension, firefox } = operators;
    const pref = "extensions.background.idle.timeout";
    await firefox.chrome.evaluate(`Services.prefs.setIntPref("${pref}", ${IDLE_MS})`);
    t.onTestFinished(() => firefox.chrome.evaluate(`Services.prefs.clearUserPref("${pref}")`));
    await extension.terminateBackground(); // what runs has begun to wait for the old one
    await desk().waitClient(clientId(), "disconnected");
    await operators.openAndCloseTab();
    await desk().waitClient(clientId(), "connected");
    const connects = async () => (await desk().events()).filter(({ type }) => type === "firefox.connected").length;
    const before = await connects();
    await sleep(2 * IDLE_MS);
    expect(await extension.backgroundState()).toBe("running");
    expect(await connects()).toBe(before);
    expect((await desk().ask("tabs.list")).state).toBe("completed");
  });

  test("conductor is killed while a write goes on: it is done once, and its end is told to the next conductor", async () => {
    const { conductor } = bridge();
    const during = await desk().begin("page.fetch", heldPost("during"));
    await site().held("during");
    await conductor.kill("SIGKILL");
    await conductor.start({ until: "listening" });
    const startedMs = performance.now();
    await desk().waitClient(clientId(), "connected");
    expect(performance.now() - startedMs).toBeLessThan(BACK_MS);
    site().release("during");
    expect(await desk().ended(during.id)).toMatchObject({
      state: "completed",
      result: { status: 200, body: "released" },
    });
    expect(site().posts("/held/during")).toBe(1);
  });

  test("a write that ends while conductor is down: its result waits and is told, nothing is done again", async () => {
    const { conductor } = bridge();
    const ended = await desk().begin("page.fetch", heldPost("down"));
    await site().held("down");
    await conductor.kill("SIGKILL");
    site().release("down");
    await conductor.start({ until: "listening" });
    expect(await desk().ended(ended.id)).toMatchObject({ state: "completed", result: { body: "released" } });
    expect(site().posts("/held/down")).toBe(1);
  });

  test("what the user sends while conductor is down is kept, and told once", async () => {
    const { conductor, operators } = bridge();
    await conductor.stop();
    const page = await operators.firefox.pageAt(site().url("/plain", "shop.test"));
    await page.evaluate(`getSelection().selectAllChildren(document.querySelector("h1"))`);
    expect(await operators.popup({ do: "sendPage" })).toEqual({ ok: true });
    expect(await operators.popup({ do: "sendSelection" })).toEqual({ ok: true });
    expect((await operators.popup({ do: "tellState" })).waiting).toBe(2);
    await conductor.start({ until: "listening" });
    await expect.poll(async () => (await operators.popup({ do: "tellState" })).waiting, { timeout: 10_000 }).toBe(0);
    const url = site().url("/plain", "shop.test");
    const sent = (await desk().events()).filter(({ type, data }) => type.endsWith(".sent") && data["url"] === url);
    expect(sent.map(({ type }) => type)).toEqual(["firefox.page.sent", "firefox.selection.sent"]);
    expect(sent.map(({ data }) => data)).toMatchObject([
      { url, title: "Plain" },
      { url, text: "Plain" },
    ]);
  });

  test("the background dies while a write goes on: interrupted, outcome unknown, and not done again", async () => {
    const { operators } = bridge();
    const cut = await desk().begin("page.fetch", { ...heldPost("background"), via: "background" });
    await site().held("background");
    await operators.extension.terminateBackground();
    await operators.openAndCloseTab(); // wakes an event page, which else waits for its alarm
    expect(await desk().ended(cut.id)).toMatchObject({
      state: "interrupted",
      error: { code: "interrupted", outcome: "unknown" },
    });
    expect(site().posts("/held/background")).toBe(1);
    site().release("background");
  });

  test("the process of the extension is killed: it is back, and a read that it had begun is done again", async () => {
    const { operators } = bridge();
    const read = await desk().begin("page.waitFor", { tabId, selector: "#made" });
    await expect.poll(async () => (await desk().command(read.id)).state).toBe("running");
    await operators.extension.killProcess();
    await desk().waitClient(clientId(), "disconnected");
    await operators.openAndCloseTab();
    await desk().waitClient(clientId(), "connected");
    const page = await operators.firefox.pageAt(site().url("/plain", "shop.test"));
    await page.evaluate(`document.querySelector("h1").id = "made"`);
    expect(await desk().ended(read.id)).toMatchObject({ state: "completed" });
  });

  test("Firefox is killed during a write: the POST is counted once and its outcome called unknown", async () => {
    const { operators } = bridge();
    const write = await desk().begin("page.fetch", heldPost("killed"));
    await site().held("killed");
    await operators.firefox.kill();
    await desk().waitClient(clientId(), "disconnected");

    // While it is away: what may wait for it runs once when it is back, what may not is refused, what is too late never runs.
    const post = (target: string) => ({ url: site().url(target, "shop.test"), method: "POST", via: "background" });
    const waits = await desk().begin("page.fetch", post("/post-queued"));
    const late = await desk().ask("page.fetch", post("/post-late"), { ttlMs: 100 });
    expect(late).toMatchObject({ state: "expired", deliveries: 0 });
    const refused = await desk().post("tabs.list", {}, { ifConnected: true });
    expect([refused.status, (refused.json as { code: string }).code]).toEqual([409, "firefox_not_connected"]);

    await operators.start();
    expect(await desk().ended(write.id)).toMatchObject({
      state: "interrupted",
      error: { code: "interrupted", outcome: "unknown" },
    });
    expect(await desk().ended(waits.id)).toMatchObject({ state: "completed", deliveries: 1 });
    expect(["/held/killed", "/post-queued", "/post-late"].map((target) => site().posts(target))).toEqual([1, 1, 0]);
    site().release("killed");
  });
};

import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { pngSize } from "../support/png.ts";
import type { Bridge } from "../support/use-bridge.ts";

interface TabValue {
  readonly id: number;
  readonly site?: string;
  readonly isAllowed: boolean;
  readonly url?: string;
  readonly title?: string;
  readonly isActive: boolean;
}

/** Tabs and pages: what is read, done, refused and written down. */
export const pageTests = (bridge: () => Bridge): void => {
  const desk = () => bridge().desk;
  let tabId: number;

  const open = async (url: string, active = false): Promise<number> =>
    (await desk().result<{ tab: TabValue }>("tabs.open", { url, active })).tab.id;
  const tabs = async (): Promise<TabValue[]> => (await desk().result<{ tabs: TabValue[] }>("tabs.list")).tabs;

  beforeAll(async () => {
    await desk().setSite(bridge().fixtures.site, "allowed");
    await desk().setSite(bridge().site.hostOf("shop.test"), "allowed");
    tabId = await open(bridge().fixtures.url("/article"), true);
  });

  test("a site that is not allowed: nothing of it is told, nothing on it is done, and the operator is asked", async () => {
    const { site, operators } = bridge();
    const other = site.hostOf("other.test");
    const page = await operators.firefox.newPage(site.url("/plain", "other.test"));
    const isThere = async () => (await tabs()).find((tab) => tab.site === other);
    await expect.poll(isThere).toMatchObject({ isAllowed: false, isActive: true });
    const tab = await isThere();
    expect([tab?.url, tab?.title]).toEqual([undefined, undefined]);
    const refused = async (method: "page.text" | "page.screenshot" | "page.html") => (await desk().ask(method)).error;
    expect(await refused("page.text")).toMatchObject({ code: "site_not_allowed", outcome: "notDone", site: other });
    expect(await refused("page.screenshot")).toMatchObject({ code: "site_not_allowed" });
    expect(await refused("page.html")).toMatchObject({ code: "site_not_allowed" });
    // Where the address tells the site, conductor refuses it itself.
    const post = { url: site.url("/post", "other.test"), method: "POST", via: "background" };
    const denied = await desk().post("page.fetch", post);
    expect([denied.status, (denied.json as { code: string }).code]).toEqual([403, "site_not_allowed"]);
    expect(site.posts("/post")).toBe(0);
    expect((await desk().sites()).find((one) => one.site === other)).toMatchObject({ access: "asked" });

    expect(await operators.popup({ do: "setSite", site: other, access: "allowed" })).toEqual({ ok: true });
    await expect.poll(async () => (await desk().ask("page.text")).state).toBe("completed");
    await desk().setSite(other, "denied");
    await expect.poll(async () => (await desk().ask("page.text")).error?.code).toBe("site_not_allowed");
    await page.close();
  });

  test("tabs are listed, opened, focused, reloaded and closed", async () => {
    const url = bridge().site.url("/plain?second", "shop.test");
    const second = await open(url);
    const tab = async () => (await tabs()).find(({ id }) => id === second);
    await expect.poll(tab).toMatchObject({ url, title: "Plain", isAllowed: true, isActive: false });
    await desk().result("tabs.focus", { tabId: second });
    await expect.poll(async () => (await tab())?.isActive).toBe(true);
    expect(bridge().site.hits("/plain?second")).toBe(1);
    await desk().result("tabs.reload", { tabId: second });
    expect(bridge().site.hits("/plain?second")).toBe(2);
    await desk().result("tabs.close", { tabId: second });
    expect(await tab()).toBe(undefined);
    expect((await desk().ask("tabs.close", { tabId: second })).error).toMatchObject({ code: "tab_not_found" });
    await desk().result("tabs.focus", { tabId });
  });

  test("a page is read: what it is, its article, its text, its HTML", async () => {
    const url = bridge().fixtures.url("/article");
    expect(await desk().result("page.info", { tabId })).toMatchObject({ tabId, url, readyState: "complete" });
    const textOf = async (o: object) => String((await desk().result("page.text", { tabId, ...o }))["text"]);
    expect(await textOf({})).toContain("Lighthouses were built where ships were lost");
    expect(await textOf({})).not.toContain("Subscribe");
    expect(await textOf({ mode: "all" })).toContain("Subscribe");
    expect(await textOf({ selector: "h1" })).toBe("On lighthouses");
    expect((await desk().result("page.html", { tabId, selector: "h1" }))["html"]).toBe("<h1>On lighthouses</h1>");
    const missing = await desk().ask("page.text", { tabId, selector: "#nowhere" });
    expect(missing.error).toMatchObject({ code: "selector_not_found", outcome: "notDone" });
  });

  test("a picture of what is seen, and of the whole page; of a hidden tab, too", async () => {
    const hidden = await open(bridge().fixtures.url("/long?height=3000"));
    const shoot = async (o: object) => {
      const shot = await desk().result<{ data: string; width: number; height: number }>("page.screenshot", o);
      const size = pngSize(Buffer.from(shot.data, "base64"));
      expect(size).toEqual({ width: shot.width, height: shot.height });
      return size;
    };
    const seen = await shoot({ tabId: hidden });
    const whole = await shoot({ tabId: hidden, full: true });
    expect(whole.height).toBe(3000);
    expect(seen.height).toBeLessThan(1500);
    await desk().result("tabs.close", { tabId: hidden });
  });

  test("clicks, types and waits", async () => {
    const { fixtures, operators } = bridge();
    const form = await open(fixtures.url("/form"));
    const typed = await desk().result("page.type", { tabId: form, selector: "#name", text: "Zoë 🦊" });
    expect(typed).toEqual({ value: "Zoë 🦊" });
    await desk().result("page.click", { tabId: form, selector: "#count" });
    await expect.poll(() => fixtures.postsOf("click").length).toBe(1);
    await desk().result("page.type", { tabId: form, selector: "#name", text: "!", append: true, submit: true });
    await expect
      .poll(() => fixtures.postsOf("form").map(({ body }) => body))
      .toEqual(["name=Zo%C3%AB+%F0%9F%A6%8A%21&note="]);
    const waiting = await desk().begin("page.waitFor", { tabId, selector: "#made" });
    const article = await operators.firefox.pageAt(fixtures.url("/article"));
    await article.evaluate(`document.querySelector("h1").id = "made"`);
    expect((await desk().ended(waiting.id)).state).toBe("completed");
    await article.evaluate(`document.querySelector("h1").removeAttribute("id")`);
    const never = await desk().ask("page.waitFor", { tabId, selector: "#never", timeoutMs: 100 });
    expect(never.error).toMatchObject({ code: "timeout" });
  });

  test("fetches with the page's session: its cookie and its Origin; or with the cookie alone", async () => {
    const { fixtures, site } = bridge();
    const session = async (o: object) => {
      const reply = await desk().result<{ status: number; body: string }>("page.fetch", {
        tabId,
        url: fixtures.url("/session"),
        ...o,
      });
      return { status: reply.status, ...(JSON.parse(reply.body) as { user: string | null; origin: string | null }) };
    };
    expect(await session({})).toMatchObject({ status: 401, user: null });
    await desk().result("page.fetch", { tabId, url: fixtures.url("/login") });
    const origin = new URL(fixtures.url("/")).origin;
    expect(await session({ method: "POST" })).toMatchObject({ status: 200, user: "ada", origin });
    const behind = await session({ method: "POST", via: "background" });
    expect(behind).toMatchObject({ status: 200, user: "ada" });
    expect(behind.origin).not.toBe(origin);
    const bytes = await desk().result("page.fetch", { tabId, url: fixtures.url("/bytes") });
    expect(bytes).toMatchObject({ encoding: "base64", body: Buffer.from([0, 255, 254, 1, 128]).toString("base64") });
    const dead = { url: site.url("/reset", "shop.test"), method: "POST", via: "background" };
    expect((await desk().ask("page.fetch", dead)).error).toMatchObject({ code: "fetch_failed" });
  });

  test("a result of 32 MiB arrives whole", async () => {
    const bytes = 32 * 1024 * 1024;
    const url = bridge().site.url(`/big?bytes=${bytes}`, "shop.test");
    const command = await desk().ask("page.fetch", { url, via: "background" });
    expect([command.state, command.error, command.result]).toEqual(["completed", undefined, undefined]);
    expect(command.resultChars).toBeGreaterThan(bytes);
    const reply = await bridge().conductor.request("GET", `/v1/firefox/commands/${command.id}/result`);
    const { body } = reply.json as { body: string };
    expect(body.length).toBe(bytes);
    expect(createHash("sha256").update(body).digest("hex")).toBe(bridge().site.bigDigest(bytes));
  });

  test("paused, it refuses every command; the user takes that back", async () => {
    const { operators } = bridge();
    expect(await operators.popup({ do: "setPaused", isPaused: true })).toEqual({ ok: true });
    await expect.poll(async () => (await desk().clients())[0]?.isPaused).toBe(true);
    expect((await desk().ask("page.text", { tabId })).error).toMatchObject({ code: "paused", outcome: "notDone" });
    expect(await operators.popup({ do: "setPaused", isPaused: false })).toEqual({ ok: true });
    expect((await desk().ask("page.text", { tabId })).state).toBe("completed");
  });

  test("the user sends a selection, and a page, by the context menu", async () => {
    const { firefox } = bridge().operators;
    const url = bridge().site.url("/plain?menu", "shop.test");
    const page = await firefox.newPage(url);
    const sent = async () =>
      (await desk().events()).filter(({ type, data }) => type.endsWith(".sent") && data["url"] === url);
    await firefox.chooseInMenu(page, "h1", "Send page to conductor");
    await expect.poll(async () => (await sent()).map(({ type }) => type)).toEqual(["firefox.page.sent"]);
    await page.evaluate(`getSelection().selectAllChildren(document.querySelector("h1"))`);
    await firefox.chooseInMenu(page, "h1", "Send selection to conductor");
    await expect.poll(async () => (await sent()).length).toBe(2);
    expect((await sent())[1]).toMatchObject({
      type: "firefox.selection.sent",
      data: { text: "Plain", title: "Plain" },
    });
    await page.close();
  });

  test("every command has left its row in the audit, the refused ones too", async () => {
    const url = bridge().site.url("/plain?audit", "shop.test");
    const opened = await desk().ask("tabs.open", { url });
    const failed = await desk().ask("page.text", { tabId, selector: "#nowhere" });
    const [second, first] = await desk().audit();
    expect(first).toMatchObject({
      id: opened.id,
      clientId: bridge().operators.clientId,
      method: "tabs.open",
      params: { url, active: false },
      effect: "write",
      state: "completed",
      deliveries: 1,
    });
    expect(first?.by).toBeTypeOf("string");
    expect(second).toMatchObject({
      id: failed.id,
      effect: "read",
      state: "failed",
      error: { code: "selector_not_found" },
    });
    const seen = (await desk().events()).filter(
      ({ data }) => data["commandId"] === opened.id || data["id"] === opened.id,
    );
    expect(seen.map(({ type }) => type)).toEqual([
      "firefox.command.queued",
      "firefox.command.running",
      "firefox.command.ended",
    ]);
    await desk().result("tabs.close", { tabId: (opened.result as { tab: TabValue }).tab.id });
  });
};

import { expect, test } from "vitest";
import { CLIENT_ID } from "../support/firefox-door.ts";
import { errorOf, openBridge, type TestBridge } from "../support/firefox-bridge.ts";

const OPEN = { method: "tabs.open", params: { url: "https://shop.test/cart?token=1" } };

/** What a refused request leads to, as the handler of the row does it. */
const askRefused = (t: TestBridge, asked: Parameters<TestBridge["ask"]>[0]): unknown => {
  try {
    t.ask(asked);
  } catch (error) {
    t.store.write(() => t.bridge.requests.askForSite(error as never));
    return error;
  }
  throw new Error("it was not refused");
};

test("an address of a site that is not allowed is refused, and the operator is asked, once", async () => {
  const t = await openBridge();
  t.enrol();
  const { link } = t.connect();
  const refusal = { code: "site_not_allowed", extra: { clientId: CLIENT_ID, site: "shop.test" } };
  expect(askRefused(t, OPEN)).toMatchObject(refusal);
  expect(askRefused(t, { method: "page.fetch", params: { url: "https://shop.test" } })).toMatchObject(refusal);
  expect(t.told("firefox.site.asked")).toEqual([{ clientId: CLIENT_ID, site: "shop.test" }]);
  expect(link.of("sites")).toEqual([{ t: "sites", sites: [{ site: "shop.test", access: "asked" }] }]);
  expect(t.bridge.requests.list({ limit: 10 }).commands).toEqual([]);
});

test("what the operator decides is told to the browser and counts for what comes", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  t.allow("*.shop.test");
  expect(link.of("sites").at(-1)?.sites).toEqual([{ site: "*.shop.test", access: "allowed" }]);
  t.ask(OPEN);
  say({ t: "site", site: "shop.test", access: "denied" });
  expect(askRefused(t, OPEN)).toMatchObject({ code: "site_not_allowed" });
  expect(t.told("firefox.site.asked")).toEqual([]);
  say({ t: "site", site: "shop.test", access: null });
  t.ask(OPEN);
  expect(t.told("firefox.site.changed")).toEqual([
    { clientId: CLIENT_ID, site: "*.shop.test", access: "allowed", by: "test" },
    { clientId: CLIENT_ID, site: "shop.test", access: "denied", by: "user" },
    { clientId: CLIENT_ID, site: "shop.test", access: "forgotten", by: "user" },
  ]);
});

test("the same decision again is no news", async () => {
  const t = await openBridge();
  t.enrol();
  t.allow("a.test");
  t.allow("a.test");
  expect(t.told("firefox.site.changed")).toHaveLength(1);
});

test("the user who decides what counts already is told so: the popup waits for it", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  say({ t: "site", site: "a.test", access: "allowed" }, { t: "site", site: "a.test", access: "allowed" });
  say({ t: "site", site: "b.test", access: null });
  expect(link.of("sites")).toEqual(Array(3).fill({ t: "sites", sites: [{ site: "a.test", access: "allowed" }] }));
  expect(t.told("firefox.site.changed")).toHaveLength(1);
});

test("a browser that refuses for a site makes the operator be asked; what is no site is passed over", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  say(errorOf(t.ask(), "site_not_allowed", { site: "bank.test" }));
  say(errorOf(t.ask(), "site_not_allowed", { site: "https://no site/" }));
  expect(t.bridge.sites(CLIENT_ID).sites).toMatchObject([{ site: "bank.test", access: "asked", by: "conductor" }]);
});

test.each(["Shop.test", "https://shop.test", "shop.test/cart", "*", "a b", "*.*.test", ""])(
  "%j is no site",
  async (site) => {
    const t = await openBridge();
    t.enrol();
    expect(() => t.allow(site)).toThrow(
      expect.objectContaining({
        code: "invalid",
        extra: { errors: [{ path: "body.site", message: expect.any(String) }] },
      }),
    );
  },
);

test("the oldest of a hundred open questions makes room, and a thousand rules are the most", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  t.store.write(() => {
    const refusal = (site: string) => ({ extra: { clientId: CLIENT_ID, site } }) as never;
    for (let n = 0; n <= 100; n += 1) {
      t.clock.nowMs += 1;
      t.bridge.requests.askForSite(refusal(`a${n}.test`));
    }
  });
  expect(t.bridge.sites(CLIENT_ID).sites).toHaveLength(100);
  expect(t.bridge.sites(CLIENT_ID).sites.map(({ site }) => site)).not.toContain("a0.test");
  t.store.write(() => {
    const sql = "INSERT INTO firefox_sites (client_id, site, access, at_ms, set_by) VALUES (?, ?, 'denied', 0, 'test')";
    for (let n = 0; n < 1000; n += 1) t.store.database.prepare(sql).run(CLIENT_ID, `b${n}.test`);
  });
  expect(() => t.allow("one.more.test")).toThrow(expect.objectContaining({ code: "invalid" }));
  link.sent.length = 0;
  say({ t: "site", site: "one.more.test", access: "allowed" });
  expect(link.of("sites")[0]?.sites).toHaveLength(1100);
});

test("sites are listed with what the browser knows of them, each once", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  t.allow("*.chat.test");
  t.allow("ai.test");
  const login = (site: string, found: "in" | "out") => ({
    adapter: "chatgpt",
    isVerified: true,
    site,
    login: found,
    missing: [],
  });
  const info = { browser: "Firefox 153.7", os: "linux", extension: "0.1.0", manifest: 2, hasAllSites: true } as const;
  say({ t: "state", isPaused: false, logins: [login("ai.test", "in"), login("my.chat.test", "out")], info });
  expect(t.bridge.sites(undefined)).toEqual({
    nextCursor: null,
    sites: [
      { clientId: CLIENT_ID, site: "*.chat.test", access: "allowed", at: "2026-11-26T10:00:00.000Z", by: "test" },
      {
        clientId: CLIENT_ID,
        site: "ai.test",
        access: "allowed",
        at: "2026-11-26T10:00:00.000Z",
        by: "test",
        adapter: "chatgpt",
        isVerified: true,
        login: "in",
      },
      {
        clientId: CLIENT_ID,
        site: "my.chat.test",
        access: "allowed",
        adapter: "chatgpt",
        isVerified: true,
        login: "out",
      },
    ],
  });
});

test("a site without a browser's id is for the only one that is paired", async () => {
  const t = await openBridge();
  expect(() => t.allow("a.test")).toThrow(expect.objectContaining({ code: "firefox_client_not_found" }));
  t.enrol();
  const other = t.enrol({ clientId: `ffx_${"a".repeat(32)}`, origin: "moz-extension://b" });
  expect(() => t.allow("a.test")).toThrow(expect.objectContaining({ code: "client_ambiguous" }));
  t.allow("a.test", other);
  expect(t.bridge.sites(CLIENT_ID).sites).toEqual([]);
  expect(t.bridge.sites(undefined).sites).toMatchObject([{ clientId: other, site: "a.test" }]);
  expect(() => t.allow("a.test", `ffx_${"0".repeat(32)}`)).toThrow(
    expect.objectContaining({ code: "firefox_client_not_found" }),
  );
});

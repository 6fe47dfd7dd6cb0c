import type { ClientFrameOf } from "@baa/contracts/firefox";
import { expect, test } from "vitest";
import { cutText } from "../../src/firefox/user-events.ts";
import { CLIENT_ID, INFO, ORIGIN } from "../support/firefox-door.ts";
import { openBridge, resultOf } from "../support/firefox-bridge.ts";

const OTHER = { clientId: `ffx_${"a".repeat(32)}`, origin: "moz-extension://b" };

const page = (more: Partial<ClientFrameOf<"evt">> = {}): ClientFrameOf<"evt"> => ({
  t: "evt",
  id: "e1",
  kind: "page",
  at: "2026-11-26T09:59:00.000Z",
  url: "https://a.test/",
  title: "A",
  text: "words",
  ...more,
});

test("the newest connection of a browser wins; what comes over the older one counts for nothing", async () => {
  const t = await openBridge();
  t.enrol();
  const older = t.connect();
  const id = t.ask();
  const newer = t.connect({ journal: [id] });
  expect([older.link.closedWith, newer.link.closedWith]).toEqual([4409, undefined]);
  older.say(resultOf(id, "from the older"));
  expect(t.bridge.requests.view(id, { whole: true }).state).toBe("sent");
  older.hangUp();
  expect(t.bridge.client(CLIENT_ID).state).toBe("connected");
  newer.say(resultOf(id, "from the newer"));
  newer.hangUp();
  const { link } = newer;
  expect(t.told("firefox.connected")).toEqual([
    { clientId: CLIENT_ID, connectionId: older.link.connectionId },
    { clientId: CLIENT_ID, connectionId: link.connectionId },
  ]);
  expect(t.told("firefox.disconnected")).toEqual([{ clientId: CLIENT_ID, connectionId: link.connectionId }]);
});

test("a browser is shown with what it told, and without its tabs while it is away", async () => {
  const t = await openBridge();
  t.enrol();
  const { say, hangUp } = t.connect();
  const tab = {
    id: 1,
    windowId: 1,
    isAllowed: true,
    url: "https://a.test/",
    title: "A",
    isActive: true,
    isLoading: false,
  };
  say(
    { t: "tabs", rev: 2, tabs: [tab] },
    { t: "tabs", rev: 1, tabs: [] },
    { t: "state", isPaused: true, logins: [], info: { ...INFO, browser: "Firefox 154.0" } },
  );
  t.ask();
  expect(t.bridge.clients()).toEqual([
    {
      id: CLIENT_ID,
      state: "connected",
      since: "2026-11-26T10:00:00.000Z",
      origin: ORIGIN,
      pairedAt: "2026-11-26T10:00:00.000Z",
      isPaused: true,
      info: { ...INFO, browser: "Firefox 154.0" },
      methods: ["page.info"],
      tabs: [tab],
      openCommands: 1,
    },
  ]);
  t.pass(1_000);
  hangUp();
  expect(t.bridge.client(CLIENT_ID)).toMatchObject({
    state: "disconnected",
    since: "2026-11-26T10:00:01.000Z",
    isPaused: false,
    tabs: [],
    methods: ["page.info"],
  });
});

test("what says nothing new is not stored again", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  say({ t: "state", isPaused: false, logins: [], info: INFO });
  t.store.database.exec("CREATE TRIGGER still BEFORE UPDATE ON firefox_clients BEGIN SELECT raise(ABORT, 'no'); END");
  say({ t: "journal", ids: [], methods: ["page.info"] }, { t: "state", isPaused: true, logins: [], info: INFO });
  expect(t.bridge.client(CLIENT_ID).isPaused).toBe(true);
});

test("what the user sends is told once, however often it comes, and acknowledged each time", async () => {
  const t = await openBridge();
  t.enrol();
  t.enrol(OTHER);
  const { link, say } = t.connect();
  say(page(), page({ text: "other words" }));
  t.connect({ clientId: OTHER.clientId }).say(page({ kind: "selection" }));
  expect(link.of("evtAck")).toEqual([
    { t: "evtAck", id: "e1" },
    { t: "evtAck", id: "e1" },
  ]);
  const told = {
    eventId: "e1",
    sentAt: "2026-11-26T09:59:00.000Z",
    url: "https://a.test/",
    title: "A",
    text: "words",
  };
  expect(t.told("firefox.page.sent")).toEqual([{ clientId: CLIENT_ID, ...told }]);
  expect(t.told("firefox.selection.sent")).toEqual([{ clientId: OTHER.clientId, ...told }]);
});

test("a user's event whose write fails is not acknowledged", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  t.store.database.exec("CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT raise(ABORT, 'no'); END");
  expect(() => say(page())).toThrow("no");
  t.store.database.exec("DROP TRIGGER full");
  expect(link.of("evtAck")).toEqual([]);
  say(page());
  expect(t.told("firefox.page.sent")).toHaveLength(1);
});

test("a long text is cut at 256 KiB with a mark, never inside a character", async () => {
  const t = await openBridge();
  t.enrol();
  t.connect().say(page({ text: "🦊".repeat(70_000) }));
  const [data] = t.told("firefox.page.sent") as [{ text: string; isCut: boolean }];
  expect(data.isCut).toBe(true);
  expect(data.text.endsWith("🦊\n… (cut)")).toBe(true);
  expect(Buffer.byteLength(data.text)).toBeLessThanOrEqual(256 * 1024);
  expect(cutText("x".repeat(256 * 1024))).toHaveLength(256 * 1024);
});

test("the ids of what users sent are forgotten after 30 days", async () => {
  const t = await openBridge();
  t.enrol();
  t.connect().say(page());
  t.clock.nowMs += 31 * 24 * 60 * 60 * 1000;
  const u = await openBridge(t);
  expect(u.store.database.prepare("SELECT count(*) AS n FROM firefox_user_events").get()).toEqual({ n: 0 });
});

test("paired anew under another id, the browser's former self is gone with all that was open for it", async () => {
  const t = await openBridge();
  t.enrol();
  const { link } = t.connect();
  const id = t.ask({ method: "chat.stop" });
  t.enrol({ clientId: OTHER.clientId, origin: ORIGIN });
  expect([link.closedWith, t.bridge.requests.view(id, { whole: true }).state]).toEqual([4410, "interrupted"]);
  expect(t.bridge.clients().map((client) => client.id)).toEqual([OTHER.clientId]);
});

import { expect, test } from "vitest";
import { CLIENT_ID } from "../support/firefox-door.ts";
import { errorOf, openBridge, resultOf } from "../support/firefox-bridge.ts";

test("a command is on disk before it is sent, and its result is before it is acknowledged", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  const id = t.ask({ method: "tabs.list" });
  expect(link.of("cmd")).toEqual([{ t: "cmd", id, method: "tabs.list", params: {}, effect: "read", ttlMs: 60_000 }]);
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({ state: "sent", deliveries: 1, by: "test" });
  say({ t: "accepted", id, dup: false }, resultOf(id, { tabs: [] }));
  expect(link.of("resultAck")).toEqual([{ t: "resultAck", id }]);
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({
    state: "completed",
    result: { tabs: [] },
    resultChars: 11,
  });
  expect(t.told("firefox.command.queued")).toEqual([
    { commandId: id, clientId: CLIENT_ID, method: "tabs.list", effect: "read", by: "test" },
  ]);
  expect(t.told("firefox.command.ended")).toEqual([
    { commandId: id, clientId: CLIENT_ID, method: "tabs.list", state: "completed" },
  ]);
  expect(t.ended).toEqual(["tabs.list completed"]);
});

test("a write that fails sends nothing and acknowledges nothing", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  const id = t.ask();
  t.store.database.exec("CREATE TRIGGER full BEFORE UPDATE ON firefox_commands BEGIN SELECT raise(ABORT, 'no'); END");
  expect(() => say(resultOf(id, 1))).toThrow("no");
  expect(() => t.ask()).toThrow("no");
  expect([link.of("resultAck"), link.of("cmd").length]).toEqual([[], 1]);
  expect(t.bridge.requests.list({ limit: 10 }).commands).toMatchObject([{ id, state: "sent" }]);
});

test("a command that runs for a while is told to be running, a short one is not", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  const [short, long] = [t.ask(), t.ask()];
  say({ t: "accepted", id: short, dup: false }, { t: "accepted", id: long, dup: false }, resultOf(short, null));
  t.pass(50);
  expect(t.told("firefox.command.running")).toEqual([{ commandId: long, clientId: CLIENT_ID, method: "page.info" }]);
  expect(t.bridge.requests.view(long, { whole: true }).state).toBe("running");
});

test("nothing is sent before the browser's journal has come", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.ask();
  const { link, say } = t.connect({ journal: null });
  const second = t.ask();
  expect(link.of("cmd")).toEqual([]);
  say({ t: "journal", ids: [], methods: [] });
  expect(link.of("cmd").map(({ id }) => id)).toEqual([first, second]);
});

test("what has not ended is sent again after each welcome, with the time that is left", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.connect();
  const [queued, taken] = [t.ask({ method: "chat.stop" }), t.ask({ method: "chat.stop" })];
  first.say({ t: "accepted", id: taken, dup: false });
  first.hangUp();
  t.pass(20_000);
  const { link, say } = t.connect({ journal: [taken] });
  expect(link.of("cmd").map(({ id, ttlMs }) => [id, ttlMs])).toEqual([
    [queued, 40_000],
    [taken, 40_000],
  ]);
  say(resultOf(taken, { wasBusy: true }));
  expect(t.bridge.requests.view(taken, { whole: true })).toMatchObject({ state: "completed", deliveries: 2 });
});

test("the journal's entries that have ended here, or that nobody knows, are acknowledged", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.connect();
  const id = t.ask();
  first.say(resultOf(id, 1));
  first.hangUp();
  const unknown = `cmd_${"f".repeat(32)}`;
  const { link } = t.connect({ journal: [id, unknown] });
  expect(link.of("resultAck").map((ack) => ack.id)).toEqual([id, unknown]);
  expect(link.of("cmd")).toEqual([]);
});

test("a write that was begun and that the journal has lost is not done again, a read is", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.connect();
  const [write, read] = [t.ask({ method: "chat.stop" }), t.ask({ method: "page.info" })];
  first.say({ t: "accepted", id: write, dup: false }, { t: "accepted", id: read, dup: false });
  first.hangUp();
  const { link } = t.connect({ journal: [] });
  expect(link.of("cmd").map(({ id }) => id)).toEqual([read]);
  expect(t.bridge.requests.view(write, { whole: true })).toMatchObject({
    state: "interrupted",
    error: { code: "interrupted", outcome: "unknown" },
  });
});

test("a write that was sent before the browser was paired anew is not sent again: its journal may be a new one", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.connect();
  const [write, read] = [t.ask({ method: "chat.stop" }), t.ask()];
  first.hangUp();
  const queued = t.ask({ method: "chat.stop" });
  t.enrol();
  const { link } = t.connect();
  expect(link.of("cmd").map(({ id }) => id)).toEqual([read, queued]);
  expect(t.bridge.requests.view(write, { whole: true })).toMatchObject({
    state: "interrupted",
    error: { outcome: "unknown" },
  });
});

test("a second result, and one of another browser's command, are acknowledged and dropped", async () => {
  const t = await openBridge();
  t.enrol();
  const other = t.enrol({ clientId: `ffx_${"a".repeat(32)}`, origin: "moz-extension://b" });
  const mine = t.connect();
  const theirs = t.connect({ clientId: other });
  const id = t.ask({ clientId: CLIENT_ID });
  theirs.say(resultOf(id, "forged"));
  mine.say(resultOf(id, "first"), resultOf(id, "second"));
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({ state: "completed", result: "first" });
  expect([mine.link.of("resultAck").length, theirs.link.of("resultAck").length]).toEqual([2, 1]);
});

test.each([
  ["cancelled", "notDone", "cancelled"],
  ["selector_not_found", "notDone", "failed"],
  ["fetch_failed", "done", "failed"],
  ["interrupted", "unknown", "interrupted"],
] as const)("an error %s with outcome %s ends a command as %s", async (code, outcome, state) => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  const id = t.ask();
  say(errorOf(id, code, { outcome }));
  expect(t.bridge.requests.view(id, { whole: true })).toMatchObject({ state, error: { code, outcome } });
});

test("commands wait while the browser does not take what it was sent", async () => {
  const t = await openBridge();
  t.enrol();
  const { link } = t.connect();
  link.bufferedBytes = 1024 * 1024;
  const text = "x".repeat(600_000);
  const ids = [1, 2, 3].map(() => t.ask({ method: "page.type", params: { selector: "a", text } }));
  expect(link.of("cmd")).toEqual([]);
  expect(ids.map((id) => t.bridge.requests.view(id, { whole: false }).state)).toEqual(["queued", "queued", "queued"]);
  link.send = (frame) => {
    link.sent.push(frame);
    link.bufferedBytes += JSON.stringify(frame).length;
  };
  link.drain();
  expect(link.of("cmd").map(({ id }) => id)).toEqual(ids.slice(0, 2));
  link.drain();
  expect(link.of("cmd").map(({ id }) => id)).toEqual(ids);
});

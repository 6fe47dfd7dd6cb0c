import { expect, test } from "vitest";
import { CLIENT_ID } from "../support/firefox-door.ts";
import { errorOf, openBridge, resultOf, type TestBridge } from "../support/firefox-bridge.ts";

const state = (t: TestBridge, id: string): unknown => t.bridge.requests.view(id, { whole: false });
const cancel = (t: TestBridge, id: string): unknown => t.store.write(() => t.bridge.requests.cancel(id));

test("a deadline with the browser away: expired, and never sent", async () => {
  const t = await openBridge();
  t.enrol();
  const id = t.ask({ method: "chat.stop", ttlMs: 500 });
  t.pass(500);
  expect(state(t, id)).toMatchObject({ state: "expired", deliveries: 0, error: { outcome: "notDone" } });
  expect(t.connect().link.of("cmd")).toEqual([]);
});

test("a browser that comes when the time is just over hears nothing of what was never sent", async () => {
  const t = await openBridge();
  t.enrol();
  const id = t.ask({ method: "chat.stop", ttlMs: 500 });
  let frames: readonly unknown[] = [];
  // The clock is past the deadline, whose timer goes off after this one.
  t.timers.after(499, () => (frames = t.connect().link.sent));
  t.pass(500);
  expect(frames).toEqual([]);
  expect(state(t, id)).toMatchObject({ state: "expired", deliveries: 0 });
});

test("a deadline in the browser: it is told to stop, and has ten seconds to say how it ended", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  const id = t.ask({ method: "chat.stop", ttlMs: 500 });
  t.pass(500);
  expect(link.of("cancel")).toEqual([{ t: "cancel", id }]);
  expect(state(t, id)).toMatchObject({ state: "sent" });
  say(errorOf(id, "cancelled"));
  expect(state(t, id)).toMatchObject({ state: "failed", error: { code: "timeout", outcome: "notDone" } });
  expect(t.timers.size).toBe(0);
});

test.each([
  ["chat.stop", "interrupted", "unknown"],
  ["page.info", "failed", "notDone"],
] as const)("a browser that never says how %s ended: %s", async (method, ended, outcome) => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  const id = t.ask({ method, ttlMs: 500 });
  t.pass(10_499);
  expect(state(t, id)).toMatchObject({ state: "sent" });
  t.pass(1);
  expect(state(t, id)).toMatchObject({ state: ended, error: { outcome } });
  say(resultOf(id, "late"));
  expect([link.of("resultAck").length, state(t, id)]).toMatchObject([1, { state: ended }]);
});

test("a deadline that passed while conductor was dead passes at its start; what was sent has its grace again", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.connect();
  const sent = t.ask({ method: "chat.stop", ttlMs: 5_000 });
  first.hangUp();
  const queued = t.ask({ method: "chat.stop", ttlMs: 5_000 });
  t.bridge.stop();
  t.clock.nowMs += 60_000;
  const u = await openBridge(t);
  u.pass(0);
  expect([state(u, queued), state(u, sent)]).toMatchObject([{ state: "expired" }, { state: "sent" }]);
  const { link, say } = u.connect({ journal: [sent] });
  expect(link.sent).toEqual([{ t: "cancel", id: sent }]);
  say(resultOf(sent, "in time"));
  expect(state(u, sent)).toMatchObject({ state: "completed" });
});

test("what has still time when conductor starts has no more than before, whatever the wall clock says", async () => {
  const t = await openBridge();
  t.enrol();
  const id = t.ask({ ttlMs: 5_000 });
  t.bridge.stop();
  t.clock.nowMs -= 3_600_000;
  const u = await openBridge(t);
  u.pass(4_999);
  expect(state(u, id)).toMatchObject({ state: "queued" });
  u.pass(1);
  expect(state(u, id)).toMatchObject({ state: "expired" });
});

test("cancelled before it was sent: it is over; after: the browser decides", async () => {
  const t = await openBridge();
  t.enrol();
  const queued = t.ask();
  expect(cancel(t, queued)).toMatchObject({ state: "cancelled", error: { outcome: "notDone" } });
  const { link, say } = t.connect();
  expect(link.of("cmd")).toEqual([]);
  const sent = t.ask();
  expect(cancel(t, sent)).toMatchObject({ state: "sent" });
  expect(link.of("cancel")).toEqual([{ t: "cancel", id: sent }]);
  say(resultOf(sent, "it was faster"));
  expect(cancel(t, sent)).toMatchObject({ state: "completed" });
  expect(() => cancel(t, `cmd_${"0".repeat(32)}`)).toThrow(
    expect.objectContaining({ code: "firefox_command_not_found" }),
  );
});

test("cancelled while the browser is away: it hears of it when it has the command, and does not get it again", async () => {
  const t = await openBridge();
  t.enrol();
  const first = t.connect();
  const [known, lost] = [t.ask({ method: "chat.stop" }), t.ask({ method: "chat.stop" })];
  first.hangUp();
  cancel(t, known);
  cancel(t, lost);
  const { link } = t.connect({ journal: [known] });
  expect(link.sent).toEqual([{ t: "cancel", id: known }]);
  expect(state(t, lost)).toMatchObject({ state: "cancelled", error: { outcome: "notDone" } });
});

test.each([
  ["cancelled", (t: TestBridge, id: string) => void cancel(t, id)],
  ["late", (t: TestBridge) => t.pass(500)],
] as const)(
  "%s while it waits for its turn to be sent again: it does not follow the word to stop it",
  async (_, end) => {
    const t = await openBridge();
    t.enrol();
    const first = t.connect();
    const id = t.ask({ method: "chat.stop", ttlMs: 500 });
    first.hangUp();
    const { link, say } = t.connect({ journal: null });
    link.bufferedBytes = 1024 * 1024;
    say({ t: "journal", ids: [], methods: [] });
    end(t, id);
    link.drain();
    expect(link.sent).toEqual([{ t: "cancel", id }]);
    say(errorOf(id, "cancelled"));
    expect(state(t, id)).toMatchObject({ deliveries: 1, error: { outcome: "notDone" } });
  },
);

test("the end of a pairing ends what is open, closes the connection with 4410 and forgets the rules", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  t.allow("a.test");
  const [write, read] = [t.ask({ method: "chat.stop" }), t.ask()];
  link.bufferedBytes = 1024 * 1024;
  const queued = t.ask({ method: "chat.stop" });
  t.store.write(() => t.bridge.door.clients.revoke(CLIENT_ID));
  expect(link.closedWith).toBe(4410);
  expect([state(t, write), state(t, read), state(t, queued)]).toMatchObject([
    { state: "interrupted", error: { outcome: "unknown" } },
    { state: "failed" },
    { state: "cancelled", error: { outcome: "notDone" } },
  ]);
  say(resultOf(write, "too late"), { t: "site", site: "b.test", access: "allowed" });
  expect(state(t, write)).toMatchObject({ state: "interrupted" });
  expect(() => t.bridge.sites(CLIENT_ID)).toThrow(expect.objectContaining({ code: "firefox_client_not_found" }));
  expect(t.store.database.prepare("SELECT count(*) AS n FROM firefox_sites").get()).toEqual({ n: 0 });
  expect(t.told("firefox.revoked")).toHaveLength(1);
});

test("the user ends the pairing in the browser", async () => {
  const t = await openBridge();
  t.enrol();
  const { link, say } = t.connect();
  say({ t: "unpair" });
  expect([link.closedWith, t.bridge.clients()]).toEqual([4410, []]);
});

test("a browser that is revoked while its proof is looked at is closed with 4410", async () => {
  const t = await openBridge();
  const { link, port } = t.connect({ journal: null });
  expect([link.closedWith, t.bridge.desk.size]).toEqual([4410, 0]);
  port.onClosed();
  expect(t.told("firefox.disconnected")).toEqual([]);
});

test("who waits for a command hears of its end, of the time being over, and of its own end", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  const [done, never] = [t.ask(), t.ask()];
  const leave = new AbortController();
  const waits = [
    t.bridge.requests.wait(done, 60_000, () => leave.signal),
    t.bridge.requests.wait(never, 1, () => leave.signal),
    t.bridge.requests.wait(never, 60_000, () => leave.signal),
  ];
  say(resultOf(done, 1));
  leave.abort();
  await Promise.all(waits);
  await t.bridge.requests.wait(done, 60_000, () => leave.signal);
  await expect(t.bridge.requests.wait(`cmd_${"0".repeat(32)}`, 1, () => leave.signal)).rejects.toThrow("No command");
});

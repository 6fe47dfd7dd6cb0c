import { afterEach, expect, test, vi } from "vitest";
import { MethodFault } from "../../src/background/methods/method.ts";
import { FakeBackground, settled } from "./support/fake-background.ts";
import { cmd, ID } from "./support/fake-server.ts";

afterEach(() => void vi.useRealTimers());

const open = (o: Parameters<typeof cmd>[1] = {}) =>
  cmd("tabs.open", { effect: "write", params: { url: "https://example.org/" }, ...o });

const clockless = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });

/** A command that has been begun, and the connection over which it came. */
const begun = async (frame = open()) => {
  const background = new FakeBackground();
  const link = await background.connected();
  background.commands.onCommand(frame);
  return { background, link, work: await background.work() };
};

/** A read that has ended, and that nobody has acknowledged. */
const endedRead = async () => {
  const { background, link, work } = await begun(cmd("tabs.list"));
  work.end({ tabs: [] });
  return { background, link };
};

test("a command is accepted, done once with its parsed parameters, and its result told", async () => {
  const { link, work } = await begun();
  expect(work.params).toEqual({ url: "https://example.org/", active: false });
  work.end({ tab: 1 });
  expect(await link.frame("result")).toEqual({ t: "result", id: ID, ok: true, value: { tab: 1 }, replay: false });
  expect(link.sent.map(({ t }) => t)).toEqual(["journal", "accepted", "result"]);
});

test("a write stands on disk before it is begun, its outcome before it is told, and nothing soon after that is acknowledged", async () => {
  clockless();
  const { background, link, work } = await begun();
  expect(background.store.items.get("journal")).toMatchObject([{ id: ID, state: "started", effect: "write" }]);
  work.end({ tab: 1 });
  await link.frame("result");
  expect(background.store.items.get("journal")).toMatchObject([{ id: ID, state: "done" }]);
  expect(background.store.items.get(`outcome:${ID}`)).toEqual({ ok: true, value: { tab: 1 } });
  background.commands.onResultAck({ t: "resultAck", id: ID });
  await vi.advanceTimersByTimeAsync(2_000);
  expect([...background.store.items]).toEqual([["journal", []]]);
});

test("a read that is acknowledged soon never sees the disk", async () => {
  clockless();
  const { background, link } = await endedRead();
  await link.frame("result");
  background.commands.onResultAck({ t: "resultAck", id: ID });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([...background.store.items]).toEqual([]);
});

test("the outcome of a read that nobody acknowledges is on disk soon, and replayed by the next background", async () => {
  clockless();
  const { background: first } = await endedRead();
  await vi.advanceTimersByTimeAsync(2_000);
  const second = first.next();
  const link = await second.connected();
  second.commands.onCommand(cmd("tabs.list"));
  expect(await link.frame("result")).toMatchObject({ ok: true, value: { tabs: [] }, replay: true });
  expect(second.works).toEqual([]);
  second.commands.onResultAck({ t: "resultAck", id: ID });
  await vi.advanceTimersByTimeAsync(2_000);
  expect([...second.store.items]).toEqual([["journal", []]]);
});

test("acknowledged while it is being written: it does not stay", async () => {
  clockless();
  const { background } = await endedRead();
  await settled();
  const set = background.store.set.bind(background.store);
  background.store.set = async (items) => {
    background.commands.onResultAck({ t: "resultAck", id: ID });
    await set(items);
  };
  await vi.advanceTimersByTimeAsync(2_000);
  background.store.set = set;
  await vi.advanceTimersByTimeAsync(2_000);
  expect([...background.store.items]).toEqual([["journal", []]]);
});

test("a full disk: the outcome of a read stays in memory, and is written when there is room", async () => {
  clockless();
  const { background } = await endedRead();
  await settled();
  background.store.fault = "disk full";
  await vi.advanceTimersByTimeAsync(8_000);
  const link = background.reconnect();
  background.commands.onCommand(cmd("tabs.list"));
  expect(await link.frame("result")).toMatchObject({ ok: true, replay: true });
  background.store.fault = undefined;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(background.store.items.get(`outcome:${ID}`)).toEqual({ ok: true, value: { tabs: [] } });
});

test("what cannot be written down is not begun", async () => {
  const background = new FakeBackground();
  const link = await background.connected();
  background.store.fault = "disk full";
  background.commands.onCommand(open());
  expect((await link.frame("result")).error).toMatchObject({ code: "internal", outcome: "notDone" });
  expect(background.works).toEqual([]);
});

test("a result that cannot be written down is told all the same", async () => {
  const { background, link, work } = await begun();
  background.store.fault = "disk full";
  work.end({ tab: 1 });
  expect(await link.frame("result")).toMatchObject({ ok: true, value: { tab: 1 } });
});

test("delivered again while it runs: said so, and not begun twice, also before it is on disk", async () => {
  const background = new FakeBackground();
  await background.connected();
  background.commands.onCommand(open());
  background.commands.onCommand(open());
  const link = background.reconnect();
  background.commands.onCommand(open());
  (await background.work()).end({});
  await link.frame("result");
  expect(link.sent.filter(({ t }) => t === "accepted")).toContainEqual({ t: "accepted", id: ID, dup: true });
  expect(background.works).toHaveLength(1);
});

test("a result in parts that is on its way is not told a second time over the same connection", async () => {
  const background = new FakeBackground();
  const link = await background.connected();
  background.commands.onCommand(cmd("page.html"));
  link.bufferedBytes = 2 * 1024 * 1024;
  (await background.work()).end({ html: "x".repeat(2 * 1024 * 1024) });
  await settled();
  background.commands.onCancel({ t: "cancel", id: ID });
  background.commands.onCommand(cmd("page.html"));
  await settled();
  link.bufferedBytes = 0;
  await link.frame("result");
  await settled();
  const parts = link.sent.flatMap((frame) => (frame.t === "part" ? [frame.n] : []));
  expect(parts).toEqual([0, 1, 2, 3, 4]);
  expect(link.sent.filter(({ t }) => t === "result")).toHaveLength(1);
  background.commands.onCommand(cmd("page.html"));
  await settled();
  expect(link.sent.filter(({ t }) => t === "result")).toMatchObject([{ replay: false }, { replay: true }]);
});

test("ended without a connection: the result is replayed when it is delivered again", async () => {
  const { background, work } = await begun();
  background.commands.disconnect();
  work.end({ tab: 1 });
  await settled();
  const link = background.reconnect();
  expect(await link.frame("journal")).toMatchObject({ ids: [ID] });
  background.commands.onCommand(open());
  expect(await link.frame("result")).toMatchObject({ ok: true, value: { tab: 1 }, replay: true });
  expect(background.works).toHaveLength(1);
});

test.each([
  ["an unknown method", cmd("tabs.explode"), "unsupported"],
  ["parameters that do not fit", cmd("tabs.open", { params: { url: "file:///etc/passwd" } }), "invalid"],
  ["a parameter too many", cmd("tabs.list", { params: { all: true } }), "invalid"],
])("%s is refused before anything is begun", async (_, frame, code) => {
  const background = new FakeBackground();
  const link = await background.connected();
  background.commands.onCommand(frame);
  expect((await link.frame("result")).error).toMatchObject({ code, outcome: "notDone" });
  expect([background.works, background.journal.entries()]).toEqual([[], []]);
});

test("paused: everything is refused", async () => {
  const background = new FakeBackground();
  const link = await background.connected();
  background.isPaused = true;
  background.commands.onCommand(cmd("tabs.list"));
  expect((await link.frame("result")).error?.code).toBe("paused");
  expect(background.works).toEqual([]);
});

test.each([
  ["a fault that says so", new MethodFault("timeout", "late", { outcome: "done" }), "write", "timeout", "done"],
  ["anything else in a write", new Error("boom"), "write", "internal", "unknown"],
  ["anything else in a read", new Error("boom"), "read", "internal", "notDone"],
] as const)("what is thrown becomes an honest outcome: %s", async (_, error, effect, code, outcome) => {
  const { link, work } = await begun(effect === "write" ? open() : cmd("tabs.list"));
  work.fail(error);
  expect((await link.frame("result")).error).toMatchObject({ code, outcome });
});

test("cancelled: the work is told, and says how it ended", async () => {
  const { background, link, work } = await begun(cmd("tabs.list"));
  background.commands.onCancel({ t: "cancel", id: ID });
  expect(work.context.signal.aborted).toBe(true);
  work.fail(work.context.signal.reason);
  expect((await link.frame("result")).error).toMatchObject({ code: "cancelled", outcome: "notDone" });
});

test("cancelled before it had come: it was not done", async () => {
  const background = new FakeBackground();
  const link = await background.connected();
  background.commands.onCancel({ t: "cancel", id: ID });
  expect((await link.frame("result")).error).toMatchObject({ code: "cancelled", outcome: "notDone" });
});

test("its time is over: a timeout, even when the page only speaks of a cancellation", async () => {
  clockless();
  const { link, work } = await begun(open({ ttlMs: 1_000 }));
  await vi.advanceTimersByTimeAsync(1_000);
  work.fail(new MethodFault("cancelled", "stopped", { outcome: "notDone" }));
  expect((await link.frame("result")).error).toMatchObject({ code: "timeout", outcome: "notDone" });
});

test.each([
  ["write", "unknown"],
  ["read", "notDone"],
] as const)("told to stop, and nothing is heard: a %s ends after 5 s as %s", async (effect, outcome) => {
  clockless();
  const { background, link, work } = await begun(effect === "write" ? open() : cmd("tabs.list"));
  background.commands.onCancel({ t: "cancel", id: ID });
  await vi.advanceTimersByTimeAsync(5_000);
  expect((await link.frame("result")).error).toMatchObject({ code: "cancelled", outcome });
  work.end({ too: "late" });
  await settled();
  expect(link.sent.filter(({ t }) => t === "result")).toHaveLength(1);
});

test("the pairing ends: what runs is stopped, nothing is told or kept", async () => {
  const { background, link, work } = await begun();
  await background.commands.forgetAll();
  expect(work.context.signal.aborted).toBe(true);
  work.end({});
  await settled();
  expect(link.sent.map(({ t }) => t)).toEqual(["journal", "accepted"]);
  expect([...background.store.items]).toEqual([["journal", []]]);
});

test("the user sees what was asked, where, and what came of it", async () => {
  const { background, link, work } = await begun(cmd("page.text"));
  work.context.requireSite("https://example.org/a");
  expect(background.history.commands).toMatchObject([{ method: "page.text", site: "example.org", state: "running" }]);
  work.fail(new MethodFault("page_error", "It did not work."));
  await link.frame("result");
  expect(background.history.commands).toMatchObject([
    { site: "example.org", state: "failed", error: "It did not work." },
  ]);
});

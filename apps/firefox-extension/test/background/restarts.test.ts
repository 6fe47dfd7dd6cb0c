import { afterEach, expect, test, vi } from "vitest";
import { afterDeath, FakeBackground, settled } from "./support/fake-background.ts";
import { cmd, ID } from "./support/fake-server.ts";

afterEach(() => void vi.useRealTimers());

const click = cmd("page.click", { effect: "write", params: { selector: "#buy" } });
const send = cmd("chat.send", { effect: "write", params: { text: "hello" } });

test("a write whose background died ends as interrupted, is not begun again, and says so as often as it is asked", async () => {
  const second = await afterDeath(click);
  const link = await second.connected();
  await settled();
  second.commands.onCommand(click);
  expect((await link.frame("result")).error).toMatchObject({ code: "interrupted", outcome: "unknown" });
  const third = second.next();
  const again = await third.connected();
  third.commands.onCommand(click);
  expect(await again.frame("result")).toMatchObject({ replay: true, error: { code: "interrupted" } });
  expect([second.works, third.works]).toEqual([[], []]);
});

test("delivered at once after the start, while that is being written: interrupted, told once", async () => {
  const second = await afterDeath(click);
  const link = await second.connected();
  second.commands.onCommand(click);
  second.commands.onCommand(click);
  expect((await link.frame("result")).error).toMatchObject({ code: "interrupted" });
  expect(second.works).toEqual([]);
});

test("a read whose background died runs again", async () => {
  const second = await afterDeath(cmd("tabs.list"));
  const link = await second.connected();
  expect(await link.frame("journal")).toMatchObject({ ids: [] });
  second.commands.onCommand(cmd("tabs.list"));
  (await second.work()).end({ tabs: [] });
  expect(await link.frame("result")).toMatchObject({ ok: true, replay: false });
});

test("what ended and was not acknowledged is replayed by the next background", async () => {
  const first = new FakeBackground();
  const before = await first.connected();
  first.commands.onCommand(click);
  (await first.work()).end({ url: "https://shop.test/" });
  await before.frame("result");
  const second = first.next();
  const link = await second.connected();
  expect(await link.frame("journal")).toMatchObject({ ids: [ID] });
  second.commands.onCommand(click);
  expect(await link.frame("result")).toMatchObject({ ok: true, value: { url: "https://shop.test/" }, replay: true });
  expect(second.works).toEqual([]);
});

const inPage = async () => {
  const first = new FakeBackground();
  await first.connected();
  first.commands.onCommand(send);
  await first.handOver(7);
  return first;
};

test("work of a page outlives the background: the next one asks the page, hears its chunks and its end", async () => {
  const first = await inPage();
  const second = first.next();
  second.pageReply = { kind: "working" };
  const link = await second.connected();
  await settled();
  expect(second.asked).toEqual([{ tabId: 7, message: { kind: "attach", id: ID } }]);
  second.commands.onCommand(send);
  expect(await link.frame("accepted")).toEqual({ t: "accepted", id: ID, dup: true });
  await second.commands.onFromPage({ kind: "chunk", id: ID, from: 0, text: "Hel" }, 7);
  await second.commands.onFromPage({ kind: "chunk", id: ID, from: 3, text: "lo" }, 7);
  expect(await link.frame("chunk")).toEqual({ t: "chunk", id: ID, n: 0, from: 0, text: "Hello" });
  await second.commands.onFromPage({ kind: "ended", id: ID, outcome: { ok: true, value: { text: "Hello" } } }, 7);
  expect(await link.frame("result")).toMatchObject({ ok: true, value: { text: "Hello" }, replay: false });
  expect(second.works).toEqual([]);
});

test("a page wakes a background that is not connected yet: its end is kept and replayed", async () => {
  const second = (await inPage()).next();
  second.pageReply = { kind: "working" };
  await second.commands.start();
  await second.commands.onFromPage({ kind: "ended", id: ID, outcome: { ok: true, value: { text: "Hi" } } }, 7);
  expect(second.store.items.get(`outcome:${ID}`)).toEqual({ ok: true, value: { text: "Hi" } });
  const link = second.reconnect();
  second.commands.onCommand(send);
  expect(await link.frame("result")).toMatchObject({ ok: true, value: { text: "Hi" }, replay: true });
});

test("a page that had ended before tells its end to the next background", async () => {
  const second = (await inPage()).next();
  second.pageReply = { kind: "end", outcome: { ok: true, value: { text: "Hi" } } };
  const link = await second.connected();
  expect(await link.frame("result")).toMatchObject({ ok: true, value: { text: "Hi" } });
});

test.each([["nobody is there", undefined] as const, ["it was loaded anew", { kind: "unknown" } as const]])(
  "a page that knows nothing of it (%s): interrupted",
  async (_, reply) => {
    const second = (await inPage()).next();
    second.pageReply = reply;
    const link = await second.connected();
    expect((await link.frame("result")).error).toMatchObject({ code: "interrupted", outcome: "unknown" });
  },
);

test("a chunk whose beginning this background did not hear makes the page tell all of it", async () => {
  const first = await inPage();
  first.pageReply = { kind: "working" };
  await first.commands.onFromPage({ kind: "chunk", id: ID, from: 100, text: "!" }, 7);
  expect(first.asked).toEqual([{ tabId: 7, message: { kind: "attach", id: ID } }]);
});

test("another tab cannot end it", async () => {
  const first = await inPage();
  await first.commands.onFromPage({ kind: "ended", id: ID, outcome: { ok: true, value: { text: "forged" } } }, 8);
  expect(first.journal.get(ID)?.state).toBe("started");
});

test("its tab is closed: it says so, and that nobody knows what came of it", async () => {
  const first = await inPage();
  const link = first.reconnect();
  await first.commands.onTabChanged(7, "closed");
  expect((await link.frame("result")).error).toMatchObject({ code: "tab_closed", outcome: "unknown" });
});

test("its tab loads a page: one that still works on it goes on, else it has ended", async () => {
  const first = await inPage();
  const link = first.reconnect();
  first.pageReply = { kind: "working" };
  await first.commands.onTabChanged(7, "loaded");
  expect(first.journal.get(ID)?.state).toBe("started");
  first.pageReply = undefined;
  await first.commands.onTabChanged(7, "loaded");
  expect((await link.frame("result")).error).toMatchObject({ outcome: "unknown" });
});

test("a page that is being asked is not taken for one that forgot", async () => {
  const background = new FakeBackground();
  await background.connected();
  background.commands.onCommand(send);
  await (await background.work()).context.claimTab(7);
  await background.commands.onTabChanged(7, "loaded");
  expect(background.journal.get(ID)?.state).toBe("started");
});

test("cancelled in the page: the page is told, and tells the end", async () => {
  const first = await inPage();
  const link = first.reconnect();
  first.commands.onCancel({ t: "cancel", id: ID });
  await settled();
  expect(first.asked).toEqual([{ tabId: 7, message: { kind: "cancel", id: ID } }]);
  const error = { code: "cancelled", message: "stopped", outcome: "done" } as const;
  await first.commands.onFromPage({ kind: "ended", id: ID, outcome: { ok: false, error } }, 7);
  expect((await link.frame("result")).error).toEqual(error);
});

test("its time is over while the page works on it: the page is told", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const first = new FakeBackground();
  await first.connected();
  first.commands.onCommand({ ...send, ttlMs: 1_000 });
  await first.handOver(7);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(first.asked).toEqual([{ tabId: 7, message: { kind: "cancel", id: ID } }]);
});

test("a damaged journal costs its damaged entries, not the others", async () => {
  const first = await inPage();
  const entries = first.store.items.get("journal") as object[];
  first.store.items.set("journal", [{ id: 5 }, "x", ...entries]);
  const second = first.next();
  second.pageReply = { kind: "working" };
  expect(await (await second.connected()).frame("journal")).toMatchObject({ ids: [ID] });
});

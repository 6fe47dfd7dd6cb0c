import { expect, test } from "vitest";
import { afterDeath, FakeBackground, settled } from "./support/fake-background.ts";
import { cmd, ID } from "./support/fake-server.ts";

// What stands in the journal as begun, and is worked on by nobody.

const click = cmd("page.click", { effect: "write", params: { selector: "#buy" } });
const cancel = { t: "cancel", id: ID } as const;

/** A background that finds a write of one that died, and cannot write down yet that nobody knows what became of it. */
const onFullDisk = async () => {
  const second = await afterDeath(click);
  second.store.fault = "disk full";
  const link = await second.connected();
  await settled();
  return { second, link };
};

test("cancelled after its background died: nobody knows whether it was done", async () => {
  const { second } = await onFullDisk();
  const link = second.reconnect();
  second.commands.onCancel(cancel);
  expect((await link.frame("result")).error).toMatchObject({ code: "interrupted", outcome: "unknown" });
});

test("cancelled while that is being written down: told once", async () => {
  const second = await afterDeath(click);
  const link = await second.connected();
  second.commands.onCancel(cancel);
  expect((await link.frame("result")).error).toMatchObject({ code: "interrupted", outcome: "unknown" });
  await settled();
  expect(link.sent.filter(({ t }) => t === "result")).toHaveLength(1);
});

test("cancelled after it was done and that could not be written down: not told as not done", async () => {
  const background = new FakeBackground();
  await background.connected();
  background.commands.onCommand(click);
  const work = await background.work();
  background.commands.disconnect();
  background.store.fault = "disk full";
  work.end({ url: "https://shop.test/" });
  await settled();
  const link = background.reconnect();
  background.commands.onCancel(cancel);
  expect((await link.frame("result")).error).toMatchObject({ outcome: "unknown" });
});

test("what this browser calls a write is not begun again, whatever conductor calls it", async () => {
  const read = { ...click, effect: "read" } as const;
  const second = await afterDeath(read);
  const link = await second.connected();
  second.commands.onCommand(read);
  expect((await link.frame("result")).error).toMatchObject({ code: "interrupted", outcome: "unknown" });
  await settled();
  expect(second.works).toEqual([]);
});

test("its tab loads another page: that is what is said, and not that the extension was stopped", async () => {
  const background = new FakeBackground();
  const link = await background.connected();
  background.commands.onCommand(cmd("chat.send", { effect: "write", params: { text: "hello" } }));
  await background.handOver(7);
  await background.commands.onTabChanged(7, "loaded");
  expect((await link.frame("result")).error).toMatchObject({ code: "tab_closed", outcome: "unknown" });
});

test("the user takes a site back while something is done on it: that is stopped, and nothing else", async () => {
  const background = new FakeBackground();
  await background.connected();
  const other = `cmd_${"2".repeat(32)}`;
  background.commands.onCommand(cmd("page.waitFor", { params: { selector: "p" } }));
  background.commands.onCommand(cmd("page.waitFor", { id: other, params: { selector: "p" } }));
  const [denied, kept] = [await background.work(0), await background.work(1)];
  denied.context.requireSite("https://bank.test/");
  kept.context.requireSite("https://shop.test/");
  background.denied.add("https://bank.test/");
  background.commands.onSites();
  expect([denied.context.signal.aborted, kept.context.signal.aborted]).toEqual([true, false]);
});

test("the user takes a site back while its page answers a prompt: the page is told to stop", async () => {
  const background = new FakeBackground();
  await background.connected();
  background.commands.onCommand(cmd("chat.send", { effect: "write", params: { text: "hello" } }));
  (await background.work()).context.requireSite("https://chat.test/");
  await background.handOver(7);
  background.denied.add("https://chat.test/");
  background.commands.onSites();
  await settled();
  expect(background.asked).toEqual([{ tabId: 7, message: { kind: "cancel", id: ID } }]);
});

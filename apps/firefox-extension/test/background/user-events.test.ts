import { expect, test } from "vitest";
import { UserEvents } from "../../src/background/user/user-events.ts";
import { FakeLink, settled } from "./support/fake-background.ts";
import { FakeArea } from "./support/fake-storage.ts";

const page = { kind: "page", url: "https://example.org/", title: "Example", text: "Hello" } as const;

test("what the user sends is kept until conductor has it, over backgrounds and connections", async () => {
  const store = new FakeArea();
  const first = new UserEvents(store);
  expect(await first.add(page)).toBeUndefined();
  const second = new UserEvents(store);
  const link = new FakeLink();
  await second.connect(link);
  const evt = await link.frame("evt");
  expect(evt).toMatchObject(page);
  expect(evt.id).toMatch(/^uev_[0-9a-f]{32}$/);
  expect(second.waiting).toBe(1);
  await second.acknowledge(evt.id);
  expect(second.waiting).toBe(0);
  expect([...store.items]).toEqual([["events", []]]);
});

test("with a connection it goes at once, and again with the next one until it is acknowledged", async () => {
  const events = new UserEvents(new FakeArea());
  const link = new FakeLink();
  await events.connect(link);
  await events.add(page);
  const { id } = await link.frame("evt");
  events.disconnect();
  const next = new FakeLink();
  await events.connect(next);
  expect((await next.frame("evt")).id).toBe(id);
});

test("the 201st is refused with words, none is dropped", async () => {
  const events = new UserEvents(new FakeArea());
  for (let n = 0; n < 200; n += 1) await events.add(page);
  expect(await events.add(page)).toMatch(/^200 things wait/);
  expect(events.waiting).toBe(200);
});

test("a text is cut at what a frame carries", async () => {
  const events = new UserEvents(new FakeArea());
  const link = new FakeLink();
  await events.connect(link);
  await events.add({ ...page, text: "x".repeat(2_000_000) });
  expect((await link.frame("evt")).text).toHaveLength(1_048_576);
});

test("one whose text is lost does not wait for ever", async () => {
  const store = new FakeArea();
  store.items.set("events", ["uev_1"]);
  const events = new UserEvents(store);
  await events.connect(new FakeLink());
  await settled();
  expect(events.waiting).toBe(0);
});

test("the pairing ends: what was meant for that conductor goes to no other", async () => {
  const store = new FakeArea();
  const events = new UserEvents(store);
  await events.add(page);
  await events.forgetAll();
  const link = new FakeLink();
  await events.connect(link);
  expect(link.sent).toEqual([]);
  expect([...store.items]).toEqual([["events", []]]);
});

test("what could not be written down does not wait, and is not sent", async () => {
  const store = new FakeArea();
  const events = new UserEvents(store);
  const link = new FakeLink();
  await events.connect(link);
  store.fault = "disk full";
  expect(await events.add(page)).toBe("Firefox could not write it down, so it is not kept: disk full");
  store.fault = undefined;
  expect(events.waiting).toBe(0);
  await events.add(page);
  expect(store.items.get("events")).toHaveLength(1);
  expect(link.sent).toHaveLength(1);
});

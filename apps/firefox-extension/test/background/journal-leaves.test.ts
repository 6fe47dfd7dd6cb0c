import { expect, test } from "vitest";
import { Journal } from "../../src/background/commands/journal.ts";
import { FakeArea } from "./support/fake-storage.ts";

// Nothing of a command stays on the disk once it is forgotten, in whatever order that comes.

const OK = { ok: true, value: "large" } as const;
const write = (id: string) => ({ id, method: "page.click", effect: "write", isInPage: false }) as const;

const begun = async (...ids: string[]) => {
  const store = new FakeArea();
  const journal = new Journal(store);
  await journal.load();
  await Promise.all(ids.map((id) => journal.start(write(id))));
  return { store, journal };
};

test("the pairing ends while an outcome waits to be written", async () => {
  const { store, journal } = await begun("a", "b");
  const ended = [journal.finish("a", OK), journal.finish("b", OK)];
  await journal.forgetAll();
  expect(await Promise.all(ended)).toEqual([false, false]);
  expect([...store.items]).toEqual([["journal", []]]);
});

test("forgotten while its outcome waits to be written", async () => {
  const { store, journal } = await begun("a", "b");
  const ended = journal.finish("a", OK);
  journal.forget("a");
  expect(await ended).toBe(false);
  expect([...store.items.keys()]).toEqual(["journal"]);
});

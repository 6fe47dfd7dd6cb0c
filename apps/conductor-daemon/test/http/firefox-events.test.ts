import { expect, test } from "vitest";
import type { Core } from "../../src/core.ts";
import { firefoxEventSource } from "../../src/http/event-source.ts";
import { NOW, openStore } from "../support/store.ts";

test("the bridge's events alone, under the numbers and the id of the whole feed", async () => {
  const { store, outbox } = await openStore();
  const source = firefoxEventSource(() => ({ outbox }) as Core);
  store.write(() => {
    for (const type of ["control.changed", "firefox.connected", "firefoxes.none", "firefox.page.sent"]) {
      outbox.append({ at: NOW, type, data: {} });
    }
  });
  const numbers = (match?: (head: { type: string }) => boolean) =>
    source.read(0, { maxRecords: 10, maxBytes: 10_000, ...(match && { match }) });
  expect(numbers().frames.map(({ seq }) => seq)).toEqual([2, 4]);
  expect(numbers().lastSeq).toBe(4);
  expect(numbers(({ type }) => type.endsWith("sent")).frames.map(({ seq }) => seq)).toEqual([4]);
  expect([source.logId, source.head(), source.oldest(), source.snapshot()]).toEqual(["out_test", 4, 1, { asOfSeq: 4 }]);
});

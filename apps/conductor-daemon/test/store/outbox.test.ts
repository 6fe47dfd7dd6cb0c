import { describe, expect, it } from "vitest";
import { Outbox } from "../../src/store/outbox.ts";
import { eventsOf, NOW, openStore } from "../support/store.ts";

const append = (o: Awaited<ReturnType<typeof openStore>>, ...types: string[]): void =>
  o.store.write(() => types.forEach((type) => o.outbox.append({ at: NOW, type, data: { of: type } })));

describe("the outbox", () => {
  it("numbers without a gap, keeps the key order of the feed, and wakes readers once it is on disk", async () => {
    const opened = await openStore();
    const heads: number[] = [];
    opened.outbox.onAppend(() => heads.push(opened.outbox.head()));
    opened.store.write(() =>
      opened.outbox.append({ at: NOW, type: "turn.started", sessionId: "ses_1", turnId: "turn_1", data: { a: 1 } }),
    );
    const [frame] = opened.outbox.read(0, { maxRecords: 10, maxBytes: 1000 }).frames;
    expect(frame?.bytes.toString()).toBe(
      `{"seq":1,"at":"${NOW}","type":"turn.started","sessionId":"ses_1","turnId":"turn_1","data":{"a":1}}`,
    );
    expect(heads).toEqual([1]);
  });

  it("has no event of a transaction that failed, and gives its number to the next", async () => {
    const opened = await openStore();
    const failing = (): void =>
      opened.store.write(() => {
        opened.outbox.append({ at: NOW, type: "lost", data: {} });
        throw new Error("on purpose");
      });
    expect(failing).toThrow("on purpose");
    expect(opened.outbox.head()).toBe(0);
    append(opened, "kept");
    expect(eventsOf(opened.outbox).map(({ seq, type }) => [seq, type])).toEqual([[1, "kept"]]);
  });

  it("reads up to the bounds, and counts what the filter refuses", async () => {
    const opened = await openStore();
    append(opened, "a", "b", "a", "b");
    const read = (more: { maxRecords?: number; maxBytes?: number; only?: string }) => {
      const { maxRecords = 10, maxBytes = 10_000, only } = more;
      const match = only === undefined ? {} : { match: (head: { type: string }) => head.type === only };
      const { frames, lastSeq } = opened.outbox.read(0, { maxRecords, maxBytes, ...match });
      return [frames.map(({ seq }) => seq), lastSeq];
    };
    expect(read({})).toEqual([[1, 2, 3, 4], 4]);
    expect(read({ maxRecords: 2 })).toEqual([[1, 2], 2]);
    expect(read({ maxBytes: 1 })).toEqual([[1], 1]);
    expect(read({ only: "a" })).toEqual([[1, 3], 4]);
    expect(read({ only: "none" })).toEqual([[], 4]);
  });

  it("goes on with the same name and numbers after a restart", async () => {
    const first = await openStore();
    append(first, "a", "b");
    first.store.close();
    const again = await openStore(first.file);
    append(again, "c");
    expect([again.outbox.logId, again.outbox.oldest(), again.outbox.head()]).toEqual(["out_test", 1, 3]);
  });

  it("drops the oldest in steps and says from where on it can be read", async () => {
    const { store } = await openStore();
    const outbox = new Outbox(store, { newLogId: () => "out_x", rowsKept: 10 });
    for (let i = 0; i < 5; i += 1) {
      store.write(() => Array.from({ length: 300 }, () => outbox.append({ at: NOW, type: "a", data: {} })));
    }
    expect([outbox.head(), outbox.oldest()]).toEqual([1500, 1191]);
    expect(outbox.read(0, { maxRecords: 1, maxBytes: 1 }).frames.map(({ seq }) => seq)).toEqual([1191]);
  });
});

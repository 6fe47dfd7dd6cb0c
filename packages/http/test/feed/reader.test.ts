import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchPass } from "../../src/feed/batch.ts";
import { createFilter } from "../../src/feed/filter.ts";
import { FeedHub } from "../../src/feed/hub.ts";
import { FEED_LIMITS } from "../../src/feed/limits.ts";
import type { FeedLimits } from "../../src/feed/limits.ts";
import { FeedReader } from "../../src/feed/reader.ts";
import { MemorySource } from "../memory-source.ts";
import { FakeSink } from "./fake-sink.ts";

const limits: FeedLimits = { ...FEED_LIMITS, batchRecordsMax: 3 };

function makeReader(source: MemorySource, o: { after?: number; sink?: FakeSink } = {}) {
  const sink = o.sink ?? new FakeSink();
  const reader = new FeedReader({ source, sink, filter: createFilter({}), after: o.after ?? 0, limits, nowMs: 0 });
  return { sink, reader };
}

const pass = (source: MemorySource): BatchPass => new BatchPass(source, limits);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("deadlines of a reader", () => {
  it("no byte taken for 30 s ends it with 4429; a byte now and then keeps it", () => {
    const source = new MemorySource();
    const { sink, reader } = makeReader(source);
    sink.unsent = 1;
    for (let nowMs = 0; nowMs < 300_000; nowMs += 1000) {
      if (nowMs % 29_000 === 0) sink.taken += 1;
      reader.tick(nowMs);
    }
    expect(sink.ended).toBeUndefined();
    const lastMs = 290_000;
    for (let nowMs = 300_000; nowMs < lastMs + 30_000; nowMs += 1000) reader.tick(nowMs);
    expect(sink.ended).toBeUndefined();
    reader.tick(lastMs + 30_000);
    expect(sink.ended).toBe(4429);
    expect(sink.frames().at(-1)).toEqual({ type: "bye", code: 4429, lastSeq: 0 });
  });

  it("one that has taken everything is never stalled", () => {
    const { sink, reader } = makeReader(new MemorySource());
    sink.unsent = 1;
    reader.tick(0);
    sink.unsent = 0;
    reader.tick(29_000);
    sink.unsent = 1;
    reader.tick(58_000);
    reader.tick(87_000);
    expect(sink.ended).toBeUndefined();
    expect(sink.alive).toBe(4);
  });

  it("a heartbeat every 15 s, none while it is blocked, nothing after the end", () => {
    const source = new MemorySource();
    const { sink, reader } = makeReader(source);
    for (let nowMs = 0; nowMs <= 45_000; nowMs += 1000) reader.tick(nowMs);
    expect(sink.frames()).toEqual([0, 0, 0].map((seq) => ({ type: "heartbeat", seq })));
    sink.unsent = 2 * 1024 * 1024;
    source.append({});
    expect(reader.drain(pass(source))).toBe("blocked");
    reader.tick(60_000);
    expect(sink.frames()).toHaveLength(3);
    reader.end(1001);
    reader.end(1001);
    reader.tick(90_000);
    expect(reader.drain(pass(source))).toBe("idle");
    expect(sink.frames().map((frame) => frame.type)).toEqual(["heartbeat", "heartbeat", "heartbeat", "bye"]);
  });
});

describe("seam", () => {
  it("2,000 random orders of appending, opening, blocking and draining lose and repeat nothing", async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant("append" as const), count: fc.integer({ min: 1, max: 9 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("open" as const), back: fc.integer({ min: 0, max: 12 }) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("block" as const), which: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("drain" as const), which: fc.nat(9) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const source = new MemorySource();
        const errors: unknown[] = [];
        const hub = new FeedHub({
          source,
          limits,
          clock: { monoMs: () => 0 },
          onReaderError: (error) => void errors.push(error),
        });
        const open: { after: number; sink: FakeSink; reader: FeedReader }[] = [];
        for (const s of steps) {
          if (s.do === "append") source.append(...Array.from({ length: s.count }, () => ({})));
          else if (s.do === "turn") await new Promise((resolve) => setImmediate(resolve));
          else if (s.do === "open") {
            const after = Math.max(0, source.head() - s.back);
            const made = makeReader(source, { after });
            made.sink.drain = () => hub.wake(made.reader);
            hub.add(made.reader);
            open.push({ after, ...made });
          } else {
            const sink = open[s.which % Math.max(1, open.length)]?.sink;
            if (sink === undefined) continue;
            sink.unsent = s.do === "block" ? 2 * 1024 * 1024 : 0;
            if (s.do === "drain") sink.drain();
          }
        }
        for (const { sink } of open) {
          sink.unsent = 0;
          sink.drain();
        }
        while (open.some(({ reader }) => reader.cursor < source.head()))
          await new Promise((resolve) => setImmediate(resolve));
        for (const { after, sink, reader } of open) {
          expect(sink.seqs()).toEqual(range(after + 1, source.head()));
          hub.remove(reader);
        }
        expect([source.listenerCount, errors]).toEqual([0, []]);
      }),
      { numRuns: 2000 },
    );
  });

  it("readers at one place get the very same buffer", () => {
    const source = new MemorySource();
    source.append({}, {}, {});
    const all = Array.from({ length: 100 }, () => makeReader(source));
    const one = pass(source);
    for (const { reader } of all) reader.drain(one);
    expect(new Set(all.map(({ sink }) => sink.written[0])).size).toBe(1);
    expect(source.reads).toBe(1);
  });
});

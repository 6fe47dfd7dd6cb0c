import fc from "fast-check";
import { expect, test } from "vitest";
import { Peer, outcome } from "../support/peer.ts";

const FOREVER = { timeoutMs: 2 ** 30 };

/** A small fast generator (mulberry32), so that 100,000 messages cost little and a seed replays. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const METHODS = [
  "turn/started",
  "item/agentMessage/delta",
  "item/completed",
  "no/such",
  "",
  "__proto__",
  "constructor",
];
const VALUES = [
  null,
  true,
  0,
  -1,
  1e308,
  "",
  "text \ud800",
  [],
  [[]],
  {},
  { __proto__: { x: 1 } },
  { id: 1 },
  { data: [1] },
];

function randomMessage(pick: (below: number) => number): string {
  const message: Record<string, unknown> = {};
  if (pick(3) > 0) message["method"] = pick(10) === 0 ? VALUES[pick(VALUES.length)] : METHODS[pick(METHODS.length)];
  if (pick(3) > 0) message["id"] = pick(4) === 0 ? VALUES[pick(VALUES.length)] : pick(64);
  if (pick(2) > 0) message["params"] = VALUES[pick(VALUES.length)];
  if (pick(3) === 0) message["result"] = VALUES[pick(VALUES.length)];
  if (pick(4) === 0) message["error"] = pick(2) === 0 ? { code: pick(9), message: "e" } : VALUES[pick(VALUES.length)];
  return JSON.stringify(message);
}

/** Damages the line now and then: flips, cuts and doubles bytes. */
function mutate(line: Buffer, pick: (below: number) => number): Buffer {
  if (pick(3) > 0 || line.length < 2) return line;
  const at = pick(line.length);
  if (pick(3) === 0) return line.subarray(0, at);
  if (pick(2) === 0) return Buffer.concat([line.subarray(0, at), line]);
  const damaged = Buffer.from(line);
  damaged[at] = pick(256);
  return damaged;
}

test("100,000 messages, whole and damaged, in chunks of any size: no crash, and every line is accounted for", () => {
  const pick = generator(20_261_122);
  const peer = new Peer();
  const open = Array.from({ length: 40 }, (_, index) => outcome(peer.connection.request(`m${index}`, {}, FOREVER)));
  const bytes = Buffer.concat(
    Array.from({ length: 100_000 }, () =>
      Buffer.concat([mutate(Buffer.from(randomMessage(pick)), pick), Buffer.from("\n")]),
    ),
  );
  for (let at = 0; at < bytes.length;) {
    const size = 1 + pick(5_000);
    peer.sayRaw(bytes.subarray(at, at + size));
    at += size;
  }
  const { received, notifications, unparsable, lateReplies, unknownReplies, unknownRequests } = peer.connection.stats;
  const settled = 40 - peer.connection.openRequests;
  expect(received).toBeGreaterThan(95_000);
  expect(notifications + unparsable + unknownRequests + lateReplies + unknownReplies + settled).toBe(received);
  expect(peer.notifications.length).toBe(notifications);
  expect(peer.requests.length).toBe(unknownRequests);
  peer.connection.close("done");
  return Promise.all(open).then(() => expect(peer.connection.openRequests).toBe(0));
});

const step = fc.oneof(
  fc.record({ do: fc.constant("ask" as const), method: fc.constantFrom("thread/list", "turn/start") }),
  fc.record({ do: fc.constant("answer" as const), id: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ do: fc.constant("overload" as const), id: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ do: fc.constant("garbage" as const), id: fc.constantFrom(null, "1", 1.5, [], {}) }),
);

test("whatever the child answers, twice, never, unasked or out of order, every request settles once and none is left", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (script) => {
      const peer = new Peer({ limits: { windowMax: 8 } });
      const settled: unknown[] = [];
      let asked = 0;
      for (const one of script) {
        if (one.do === "ask") {
          asked += 1;
          void outcome(peer.connection.request(one.method, {}, FOREVER)).then((result) => settled.push(result));
        } else if (one.do === "answer") peer.say({ id: one.id, result: {} });
        else if (one.do === "overload") peer.say({ id: one.id, error: { code: -32001, message: "later" } });
        else peer.say({ id: one.id, result: {} });
        expect(peer.connection.stats.inFlight).toBeLessThanOrEqual(7);
      }
      peer.connection.close("end");
      await new Promise((resolve) => setImmediate(resolve));
      expect(settled).toHaveLength(asked);
      expect(peer.connection.openRequests).toBe(0);
      expect(peer.connection.stats).toMatchObject({ inFlight: 0, queued: 0 });
    }),
    { numRuns: 2_000 },
  );
}, 20_000);

import fc from "fast-check";
import { expect, test } from "vitest";
import { DELTA_CHANNELS, translate } from "../../src/events/translate.ts";
import { accepted, created, event, forwarding, itemStarted, RUNNING } from "../support/records.ts";
import { contextAfter } from "../support/translate.ts";

const METHODS = [
  "turn/started",
  "turn/completed",
  "item/started",
  "item/completed",
  "thread/tokenUsage/updated",
  "error",
  "thread/unheardOf",
  ...DELTA_CHANNELS.keys(),
];
const method = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...METHODS) }, { weight: 1, arbitrary: fc.string() });

/** Params that come close: the right keys, with values that fit often enough to get past the door. */
const id = fc.constantFrom("ctx_1", "ctx_2", "thr_1", "i1", "turn_1", "", "__proto__");
const leaf = fc.oneof(id, fc.jsonValue({ maxDepth: 2 }));
const item = fc.record(
  { id: leaf, type: fc.constantFrom("userMessage", "agentMessage", "x"), clientId: leaf },
  { requiredKeys: [] },
);
const turn = fc.record(
  { id: leaf, status: fc.constantFrom("completed", "failed", "interrupted", "inProgress", 7), error: leaf },
  { requiredKeys: [] },
);
const near = fc.record(
  {
    threadId: fc.oneof(fc.constant("thr_1"), leaf),
    turnId: fc.oneof(fc.constant("ctx_1"), leaf),
    itemId: leaf,
    delta: leaf,
    item: fc.oneof(item, leaf),
    turn: fc.oneof(turn, leaf),
    willRetry: fc.boolean(),
    tokenUsage: leaf,
    error: leaf,
  },
  { requiredKeys: [] },
);
const params = fc.oneof(near, fc.jsonValue());

const STATES = [
  [],
  [created()],
  [created(), accepted(), forwarding()],
  [...RUNNING, itemStarted("i1")],
  [...RUNNING, event("turn.completed")],
];
const ENDS = ["turn.completed", "turn.failed", "turn.interrupted", "turn.lost"];

test("property: any method and any JSON give events, never a throw, and nothing disappears", () => {
  fc.assert(
    fc.property(fc.constantFrom(...STATES), method, params, (events, name, value) => {
      const context = contextAfter(events);
      const made = translate({ method: name, params: value }, context);
      expect(Array.isArray(made)).toBe(true);
      for (const each of made) expect(typeof each.type).toBe("string");
      expect(() => JSON.stringify(made)).not.toThrow();
      const maySayNothing = ["turn/started", "turn/completed", "thread/tokenUsage/updated"].includes(name);
      expect(made.length > 0 || maySayNothing).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("property: whatever a child sends in a row, every turn ends at most once and only known items end", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(method, params), { maxLength: 30 }), (lines) => {
      const context = contextAfter([...RUNNING, itemStarted("i1")]);
      const ends = new Map<string, number>();
      for (const [name, value] of lines) {
        const made = translate({ method: name, params: value }, context);
        for (const each of made) {
          if (!ENDS.includes(each.type)) continue;
          ends.set(each.turnId!, (ends.get(each.turnId!) ?? 0) + 1);
        }
        context.apply(made);
      }
      expect([...ends.values()].every((count) => count === 1)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

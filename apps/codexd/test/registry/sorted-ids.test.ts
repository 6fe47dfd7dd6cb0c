import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pageOf, SortedIds } from "../../src/registry/sorted-ids.ts";

const idsOf = (...ids: string[]): SortedIds => {
  const sorted = new SortedIds();
  for (const id of ids) sorted.add(id);
  return sorted;
};

describe("SortedIds", () => {
  test("newest first, whatever the order of adding", () => {
    expect([...idsOf("b", "d", "a", "c").newestFirst()]).toEqual(["d", "c", "b", "a"]);
  });

  test("only those older than the id given, whether it is there or not", () => {
    const ids = idsOf("a", "c", "e");
    expect([...ids.newestFirst("e")]).toEqual(["c", "a"]);
    expect([...ids.newestFirst("d")]).toEqual(["c", "a"]);
    expect([...ids.newestFirst("a")]).toEqual([]);
  });

  test("removing an id that is not there does nothing", () => {
    const ids = idsOf("a", "c");
    ids.remove("b");
    ids.remove("z");
    expect(ids.size).toBe(2);
    ids.remove("c");
    expect([...ids.newestFirst()]).toEqual(["a"]);
  });

  test("property: the same as a set that is sorted at the end", () => {
    const step = fc.record({ add: fc.boolean(), id: fc.stringMatching(/^[a-d]{1,2}$/) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ids = new SortedIds();
        const model = new Set<string>();
        for (const { add, id } of steps) {
          if (add && !model.has(id)) ids.add(id);
          if (!add) ids.remove(id);
          if (add) model.add(id);
          else model.delete(id);
        }
        expect([...ids.newestFirst()]).toEqual([...model].toSorted().toReversed());
      }),
    );
  });
});

describe("pageOf", () => {
  const ids = idsOf("a", "b", "c", "d", "e");
  const all = (id: string): string => id;

  test("a full page names the cursor of the next one, the last page names none", () => {
    expect(pageOf(ids, { limit: 2 }, all)).toEqual({ rows: ["e", "d"], nextCursor: "d" });
    expect(pageOf(ids, { limit: 2, cursor: "d" }, all)).toEqual({ rows: ["c", "b"], nextCursor: "b" });
    expect(pageOf(ids, { limit: 2, cursor: "b" }, all)).toEqual({ rows: ["a"], nextCursor: null });
  });

  test("a page that ends exactly at the end names no next one", () => {
    expect(pageOf(ids, { limit: 5 }, all)).toEqual({ rows: ["e", "d", "c", "b", "a"], nextCursor: null });
  });

  test("rows that the filter leaves out do not count, and nothing is skipped", () => {
    const odd = (id: string): string | undefined => (["a", "c", "e"].includes(id) ? id : undefined);
    expect(pageOf(ids, { limit: 2 }, odd)).toEqual({ rows: ["e", "c"], nextCursor: "c" });
    expect(pageOf(ids, { limit: 2, cursor: "c" }, odd)).toEqual({ rows: ["a"], nextCursor: null });
  });

  test("a cursor whose row was deleted meanwhile still goes on from its place", () => {
    expect(pageOf(idsOf("a", "b", "e"), { limit: 5, cursor: "d" }, all)).toEqual({
      rows: ["b", "a"],
      nextCursor: null,
    });
  });

  test("property: the pages put together are the whole list, once each", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-f]{1,3}$/)), fc.integer({ min: 1, max: 7 }), (list, limit) => {
        const sorted = idsOf(...list);
        const seen: string[] = [];
        let cursor: string | undefined;
        for (;;) {
          const page = pageOf(sorted, { limit, cursor }, all);
          seen.push(...page.rows);
          if (page.nextCursor === null) break;
          cursor = page.nextCursor;
        }
        expect(seen).toEqual(list.toSorted().toReversed());
      }),
    );
  });
});

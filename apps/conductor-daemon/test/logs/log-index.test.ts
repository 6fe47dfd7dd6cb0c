import { LogsPage, LogsQuery } from "@baa/contracts";
import { beforeEach, describe, expect, it } from "vitest";
import { LogIndex } from "../../src/logs/log-index.ts";
import { at, MemoryLog } from "../support/memory-log.ts";

let codexd: MemoryLog;
let conductor: MemoryLog;
let index: LogIndex;

beforeEach(() => {
  codexd = new MemoryLog("codexd");
  conductor = new MemoryLog("conductor");
  index = new LogIndex([codexd, conductor]);
});

const never = new AbortController().signal;
const ask = async (query: Record<string, unknown> = {}): Promise<LogsPage> =>
  LogsPage.parse(await index.page(LogsQuery.parse(query), never));
/** `d3` = number 3 of codexd's log, `c3` of conductor's. */
const shown = ({ entries }: LogsPage): string =>
  entries.map(({ source, seq }) => `${source === "codexd" ? "d" : "c"}${seq}`).join(" ");

/** Follows `nextCursor` until there is no more. */
const readAll = async (query: Record<string, unknown>): Promise<string[]> => {
  const pages: string[] = [];
  let cursor = {};
  for (;;) {
    const page = await ask({ ...query, ...cursor });
    pages.push(shown(page));
    if (!page.hasMore || page.nextCursor === null) return pages;
    cursor = { cursor: page.nextCursor };
  }
};

describe("order", () => {
  beforeEach(() => {
    codexd.add(1, "turn.accepted");
    conductor.add(2, "control.changed");
    codexd.add(2, "turn.started");
    codexd.add(5, "turn.completed");
    conductor.add(3, "control.changed");
    conductor.add(7, "conductor.leading");
  });

  it("is by time, source and number, oldest first", async () => {
    expect(shown(await ask())).toBe("d1 d2 c1 c2 d3 c3");
  });

  it("is the same backwards, newest first", async () => {
    expect(shown(await ask({ order: "newest" }))).toBe("c3 d3 c2 c1 d2 d1");
  });

  it.each([1, 2, 3, 5])("is the same in pages of %i", async (limit) => {
    expect((await readAll({ limit })).join(" ").trim()).toBe("d1 d2 c1 c2 d3 c3");
    expect((await readAll({ limit, order: "newest" })).join(" ").trim()).toBe("c3 d3 c2 c1 d2 d1");
  });

  it("keeps each source's own order when its clock was set back", async () => {
    codexd.add(4, "turn.accepted");
    expect(shown(await ask())).toBe("d1 d2 c1 c2 d3 d4 c3");
  });

  it("newest first also says where to follow on from", async () => {
    const page = await ask({ order: "newest", limit: 1 });
    codexd.add(8, "turn.accepted");
    expect(shown(await ask({ cursor: page.followCursor }))).toBe("d4");
  });

  it("goes on with the cursor's own, and refuses the other", async () => {
    const { nextCursor } = await ask({ order: "newest", limit: 2 });
    expect(shown(await ask({ cursor: nextCursor }))).toBe("c2 c1 d2 d1");
    await expect(ask({ cursor: nextCursor, order: "oldest" })).rejects.toMatchObject({ code: "bad_cursor" });
  });
});

describe("a source that is down", () => {
  beforeEach(() => {
    codexd.add(1, "turn.accepted");
    conductor.add(2, "control.changed");
    codexd.add(3, "turn.completed");
  });

  it("is named, and what it has comes when it is back", async () => {
    codexd.down = "ECONNREFUSED";
    const first = await ask();
    expect([shown(first), first.partial]).toEqual(["c1", [{ source: "codexd", reason: "ECONNREFUSED" }]]);
    codexd.down = undefined;
    conductor.add(4, "control.changed");
    const second = await ask({ cursor: first.nextCursor });
    expect([shown(second), second.partial]).toEqual(["d1 d2 c2", []]);
  });

  it("keeps its place while others are read on", async () => {
    const first = await ask({ limit: 1 });
    codexd.down = "ECONNREFUSED";
    const second = await ask({ cursor: first.nextCursor });
    codexd.down = undefined;
    const third = await ask({ cursor: second.nextCursor });
    expect([shown(first), shown(second), shown(third)]).toEqual(["d1", "c1", "d2"]);
  });

  it("does not end reading backwards", async () => {
    codexd.down = "ECONNREFUSED";
    const first = await ask({ order: "newest" });
    expect([shown(first), first.hasMore]).toEqual(["c1", false]);
    codexd.down = undefined;
    expect(shown(await ask({ cursor: first.nextCursor }))).toBe("d2 d1");
  });
});

describe("filters", () => {
  it("leave deltas out unless they are asked for", async () => {
    codexd.add(1, "item.started");
    codexd.add(2, "item.delta");
    codexd.add(3, "item.completed");
    expect(shown(await ask())).toBe("d1 d3");
    expect(shown(await ask({ types: "*" }))).toBe("d1 d2 d3");
    await expect(ask({ types: "turn." })).rejects.toMatchObject({ code: "invalid" });
  });

  it("by session, turn, source and text", async () => {
    codexd.add(1, "turn.accepted", { sessionId: "s1", turnId: "t1", data: { input: [{ text: "Find the Needle" }] } });
    codexd.add(2, "turn.accepted", { sessionId: "s2", turnId: "t2", data: { input: "hay" } });
    conductor.add(3, "control.changed", { data: { note: "a needle, too" } });
    expect(shown(await ask({ sessionId: "s2" }))).toBe("d2");
    expect(shown(await ask({ turnId: "t1" }))).toBe("d1");
    expect(shown(await ask({ source: "conductor" }))).toBe("c1");
    expect(shown(await ask({ text: "NEEDLE" }))).toBe("d1 c1");
    expect(shown(await ask({ text: "needle", order: "newest" }))).toBe("c1 d1");
  });

  it("by time, both ends included, in both orders", async () => {
    for (let second = 1; second <= 9; second += 1) (second % 2 === 0 ? conductor : codexd).add(second, "turn.started");
    const between = { since: at(3), until: at(6) };
    expect(shown(await ask(between))).toBe("d2 c2 d3 c3");
    expect(shown(await ask({ ...between, order: "newest" }))).toBe("c3 d3 c2 d2");
    expect((await readAll({ ...between, order: "newest", limit: 1 })).join(" ").trim()).toBe("c3 d3 c2 d2");
  });

  it("show what conductor took over from codexd once, as codexd told it", async () => {
    codexd.add(1, "turn.accepted");
    conductor.add(1, "turn.accepted", { data: { codexd: { logId: "log_codexd", seq: 1 } } });
    conductor.add(2, "codexd.up");
    expect(shown(await ask())).toBe("d1 c2");
  });

  it("find few among many, without losing any", async () => {
    for (let n = 1; n <= 12_000; n += 1) codexd.add(n, n % 4_000 === 0 ? "turn.completed" : "usage.updated");
    const types = "turn.*";
    expect((await readAll({ types, limit: 2 })).join(" ").trim()).toBe("d4000 d8000 d12000");
    expect((await readAll({ types, limit: 2, order: "newest" })).join(" ").trim()).toBe("d12000 d8000 d4000");
  });
});

it("an entry waits for an earlier one of a source that has much to look through", async () => {
  for (let n = 1; n <= 1_000; n += 1) codexd.add(n, "turn.started", { data: { text: "hay" } });
  codexd.add(1_001, "turn.started", { data: { text: "needle" } });
  conductor.add(2_000, "control.changed", { data: { note: "needle" } });
  const pages = await readAll({ text: "needle", limit: 10 });
  expect(pages[0]).toBe("");
  expect(pages.join(" ").trim()).toBe("d1001 c1");
});

describe("a log that is not what the cursor knew", () => {
  it("was cut: says what is gone, and goes on", async () => {
    for (let n = 1; n <= 5; n += 1) codexd.add(n, "turn.started");
    const { nextCursor } = await ask({ limit: 1 });
    codexd.dropUpTo(3);
    const page = await ask({ cursor: nextCursor });
    expect([shown(page), page.resets]).toEqual(["d4 d5", [{ source: "codexd", from: 1, to: 3, reason: "too_old" }]]);
  });

  it.each(["oldest", "newest"])("was reset: says so, and begins anew (%s first)", async (order) => {
    for (let n = 1; n <= 5; n += 1) codexd.add(n, "turn.started");
    const { nextCursor } = await ask({ limit: 2, order });
    codexd.restart("log_other");
    codexd.add(1, "turn.started");
    const page = await ask({ cursor: nextCursor });
    expect([shown(page), page.resets]).toMatchObject(["d1", [{ source: "codexd", reason: "other_log" }]]);
  });
});

describe("following", () => {
  it("waits for the next entry of any source", async () => {
    codexd.add(1, "turn.accepted");
    const { nextCursor } = await ask();
    const waiting = ask({ cursor: nextCursor, waitMs: 60_000 });
    conductor.add(2, "control.changed");
    expect(shown(await waiting)).toBe("c1");
  });

  it("wakes only for what fits", async () => {
    const { nextCursor } = await ask({ types: "turn.*" });
    const waiting = ask({ cursor: nextCursor, types: "turn.*", waitMs: 60_000 });
    conductor.add(1, "turn.accepted", { data: { codexd: { seq: 1 } } });
    codexd.add(2, "usage.updated");
    codexd.add(3, "turn.accepted");
    expect(shown(await waiting)).toBe("d2");
  });

  it("goes on with the others while a source is down, and says so", async () => {
    codexd.down = "ECONNREFUSED";
    const waiting = ask({ waitMs: 60_000 });
    conductor.add(1, "codexd.down");
    const page = await waiting;
    expect([shown(page), page.partial]).toEqual(["c1", [{ source: "codexd", reason: "ECONNREFUSED" }]]);
  });

  it("ends at once when nobody waits any more", async () => {
    const client = new AbortController();
    const waiting = index.page(LogsQuery.parse({ waitMs: 60_000 }), client.signal);
    await expect.poll(() => codexd.pages).toBeGreaterThan(1);
    client.abort();
    expect((await waiting).entries).toEqual([]);
  });
});

it.each(["", "oldest~codexd", "sideways~codexd.log.1", "oldest~other.log.1", "oldest~codexd.l.1~codexd.l.2"])(
  "the cursor %j is refused",
  async (cursor) => {
    await expect(ask({ cursor })).rejects.toMatchObject({ code: "bad_cursor" });
  },
);

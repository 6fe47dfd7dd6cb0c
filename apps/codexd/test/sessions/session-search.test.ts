import { RpcError } from "@baa/codex-app-server";
import { expect, test } from "vitest";
import { SessionSearch } from "../../src/sessions/session-search.ts";
import { created } from "../support/records.ts";
import { setUpSessions } from "../support/sessions.ts";

const setUp = async () => {
  const base = await setUpSessions([
    created({ id: "ses_1", threadId: "thr_1" }),
    created({ id: "ses_2", threadId: "thr_2" }),
  ]);
  const clock = { nowMs: 0, monoMs: () => clock.nowMs, now: () => new Date(0) };
  const { child, journal, logger } = base;
  const search = new SessionSearch({ child: child.port, journal, clock: clock as never, logger });
  return { ...base, search, clock };
};
const page = (threadIds: string[], nextCursor: string | null = null) => ({
  data: threadIds.map((id) => ({ thread: { id }, snippet: "" })),
  nextCursor,
});

test("hits are our sessions, over all pages; threads of others are left out", async () => {
  const { search, child } = await setUp();
  child.answer("thread/search", ({ cursor }) => (cursor === null ? page(["thr_x", "thr_2"], "c1") : page(["thr_1"])));
  const hits = await search.find("word", false);
  expect([[...hits.sessionIds], hits.isPartial]).toEqual([["ses_2", "ses_1"], false]);
  expect(child.sent.map(({ params }) => [params["searchTerm"], params["archived"], params["cursor"]])).toEqual([
    ["word", false, null],
    ["word", false, "c1"],
  ]);
});

test("the archive is searched when it is asked for", async () => {
  const { search, child } = await setUp();
  child.answer("thread/search", () => page([]));
  await search.find("word", true);
  expect(child.sent[0]?.params).toMatchObject({ archived: true });
});

test("no child, a refusal, too many hits, too much time: what was found, and that it is not all", async () => {
  const { search, child, clock, lines } = await setUp();
  child.answer("thread/search", () => page(["thr_1"], "more"));
  expect(await search.find("word", false)).toEqual({ sessionIds: new Set(["ses_1"]), isPartial: true });
  expect(child.sent).toHaveLength(20);
  child.answer("thread/search", () => {
    clock.nowMs += 3000;
    return page(["thr_2"], "more");
  });
  expect(await search.find("word", false)).toEqual({ sessionIds: new Set(["ses_2"]), isPartial: true });
  expect(child.sent).toHaveLength(22);
  child.answer("thread/search", () => {
    throw new RpcError({ code: -32600, message: "no" });
  });
  expect(await search.find("word", false)).toEqual({ sessionIds: new Set(), isPartial: true });
  expect(lines.map(({ event }) => event)).toEqual(["session.search.failed"]);
  child.isReady = false;
  expect(await search.find("word", false)).toEqual({ sessionIds: new Set(), isPartial: true });
  expect(child.sent).toHaveLength(23);
});

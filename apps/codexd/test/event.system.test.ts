import { CODEXD_EVENT_TYPES, CODEXD_ROUTES, EventsPage, ResetFrame } from "@baa/contracts";
import { EventLog } from "@baa/storage";
import type { LedgerEvent } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { createSession, decide, problemOf, readTurn, runTurn, startTurn, until } from "./support/drive.ts";
import { readSse, type SseFrame } from "@baa/test-kit";
import { startSystem, type System, useSystem } from "./support/system.ts";

const EVENTS = "/v1/codexd/events";
const system = useSystem();

const page = async (query: string, from: System = system()): Promise<EventsPage> => {
  const reply = await from.codexd.request("GET", `${EVENTS}?${query}`);
  expect([reply.status, reply.text]).toEqual([200, expect.any(String)]);
  return EventsPage.parse(reply.json);
};
const headSeq = async (): Promise<number> => (await page("after=0&limit=1")).headSeq;
const sse = (
  query: string,
  isLast: (frame: SseFrame) => boolean,
  headers: Record<string, string> = {},
): Promise<SseFrame[]> =>
  readSse({ url: `${system().codexd.url}${EVENTS}?${query}`, token: system().codexd.token(), headers, isLast });
const eventsOf = (frames: SseFrame[]): unknown[] =>
  frames.filter((frame) => frame.event.includes(".")).map((frame) => frame.data);
const untilSeq =
  (seq: number) =>
  (frame: SseFrame): boolean =>
    frame.data["seq"] === seq && frame.event.includes(".");

describe("one log, three faces", () => {
  test("JSON pages, SSE and WebSocket show the same events, byte for byte of their meaning", async () => {
    const session = await createSession(system());
    await runTurn(system(), session.id, "faces-1 äöü 👋 \u2028");
    const head = await headSeq();
    const pages: unknown[] = [];
    for (let after = 0; after < head;) {
      const next = await page(`after=${after}&limit=7`);
      expect(next.events.length).toBeLessThanOrEqual(7);
      pages.push(...next.events);
      after = next.nextAfter;
    }
    await system().ledger.waitFor((event) => event.seq >= head);
    const shown = system()
      .ledger.events()
      .filter((event) => event.seq <= head);
    expect(shown).toEqual(pages);
    expect(eventsOf(await sse("after=0", untilSeq(head)))).toEqual(pages);
    expect((pages as LedgerEvent[]).map((event) => event.seq)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
    const unknown = (pages as LedgerEvent[]).filter(
      (event) => !(CODEXD_EVENT_TYPES as readonly string[]).includes(event.type),
    );
    expect(unknown).toEqual([]);
  });

  test("filters by session, turn and type agree on all faces, and the cursor goes on behind what they left out", async () => {
    const [one, two] = [await createSession(system()), await createSession(system())];
    const [first, second] = [await runTurn(system(), one.id, "filter-1"), await runTurn(system(), two.id, "filter-2")];
    const head = await headSeq();
    const all = (await page("after=0&limit=10000")).events;
    const cases: [string, (event: LedgerEvent) => boolean][] = [
      [`sessionId=${one.id}`, (event) => event.sessionId === one.id],
      [`turnId=${second.id}`, (event) => event.turnId === second.id],
      ["types=turn.*,item.completed", (event) => event.type.startsWith("turn.") || event.type === "item.completed"],
      [`sessionId=${one.id}&types=item.delta`, (event) => event.sessionId === one.id && event.type === "item.delta"],
      [`sessionId=${two.id}&turnId=${first.id}`, () => false],
    ];
    for (const [query, fits] of cases) {
      const expected = all.filter((event) => fits(event as LedgerEvent));
      const filtered = await page(`after=0&limit=10000&${query}`);
      expect([query, filtered.events]).toEqual([query, expected]);
      expect([query, filtered.nextAfter]).toEqual([query, head]);
      const last = expected.at(-1)?.seq;
      if (last !== undefined)
        expect([query, eventsOf(await sse(`after=0&${query}`, untilSeq(last)))]).toEqual([query, expected]);
    }
    expect(problemOf(await system().codexd.request("GET", `${EVENTS}?types=turn.%3B`))).toEqual({
      status: 422,
      code: "invalid",
    });
  });

  test("SSE resumes by Last-Event-ID with no seam between what was and what comes", async () => {
    const { provider } = system();
    const session = await createSession(system());
    const before = await headSeq();
    const turn = await startTurn(system(), session.id, "[[deltas=40 hold=seam after=20]] seam-1");
    const first = await sse(
      `after=${before}`,
      (frame) => frame.data["turnId"] === turn.id && frame.event === "item.delta",
    );
    const rest = sse("after=0", (frame) => frame.data["turnId"] === turn.id && frame.event === "turn.completed", {
      "last-event-id": first.at(-1)?.id ?? "",
    });
    await provider.held("seam");
    provider.release("seam");
    const events = [...eventsOf(first), ...eventsOf(await rest)] as LedgerEvent[];
    const seqs = events.map((event) => event.seq);
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, i) => before + 1 + i));
    const deltas = events.filter((event) => event.type === "item.delta").map((event) => event.data["delta"]);
    expect(deltas).toEqual(Array.from({ length: 40 }, (_, i) => `w${i} `));
  });

  test("a JSON page waits for the next event", async () => {
    const head = await headSeq();
    const waiting = page(`after=${head}&waitMs=20000&types=session.created`);
    const session = await createSession(system());
    expect((await waiting).events.map((event) => event.sessionId)).toEqual([session.id]);
    expect((await page(`after=${await headSeq()}&waitMs=1`)).events).toEqual([]);
  });

  test("a reader without a cursor begins now, with what is open in its hello", async () => {
    const { codexd, provider } = system();
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[deltas=2 hold=now after=1]] now-1");
    await provider.held("now");
    const reader = await sse("", (frame) => frame.event === "hello");
    expect(reader[0]?.data).toMatchObject({
      type: "hello",
      snapshot: { openTurns: [{ id: turn.id, sessionId: session.id }], pendingApprovals: [] },
    });
    let live: Promise<SseFrame[]> | undefined;
    const hello = await new Promise<SseFrame>((onFrame) => {
      const isLast = (frame: SseFrame): boolean => frame.event === "turn.completed";
      live = readSse({ url: `${codexd.url}${EVENTS}`, token: codexd.token(), isLast, onFrame });
    });
    provider.release("now");
    const events = eventsOf((await live) ?? []) as LedgerEvent[];
    const first = Number(hello.data["headSeq"]) + 1;
    expect(events.map((event) => event.seq)).toEqual(Array.from({ length: events.length }, (_, i) => first + i));
  });
});

/** The reset that each face shows for a cursor; the WebSocket follower takes only a number. */
const resetsFor = async (after: string, of: System): Promise<Record<string, unknown>> => {
  const { codexd } = of;
  const json = (await page(`after=${after}&limit=1`, of)).reset;
  const url = `${codexd.url}${EVENTS}?after=${after}`;
  const streamed = await readSse({ url, token: codexd.token(), isLast: (frame) => frame.event === "reset" });
  const resets = { json: ResetFrame.parse(json), sse: ResetFrame.parse(streamed.at(-1)?.data) };
  if (!/^\d+$/.test(after)) return resets;
  const follower = codexd.ledger({ after: Number(after) }).follow();
  await until("a reset by WebSocket", () => follower.controls.some(({ frame }) => frame.type === "reset"));
  return { ...resets, ws: ResetFrame.parse(follower.controls.find(({ frame }) => frame.type === "reset")?.frame) };
};

describe("a cursor that cannot be honoured", () => {
  test("is told so on each face, with what is open, and the stream goes on at the oldest", async () => {
    const head = await headSeq();
    const ahead = await resetsFor(String(head + 1000), system());
    for (const face of ["json", "sse", "ws"]) {
      expect(ahead[face]).toMatchObject({
        type: "reset",
        from: head + 1000,
        to: 0,
        reason: "ahead",
        snapshot: { openTurns: [] },
      });
    }
    const other = await resetsFor("log_of_somebody_else:3", system());
    for (const face of ["json", "sse"]) expect(other[face]).toMatchObject({ from: 3, to: 0, reason: "other_log" });
    const { logId } = await page("after=0&limit=1");
    expect((await page(`after=${logId}:${head}&limit=1`)).reset).toBeUndefined();
    const events = eventsOf(await sse(`after=${head + 1000}`, untilSeq(1))) as LedgerEvent[];
    expect(events.map((event) => event.seq)).toEqual([1]);
  });

  test.each(["x", "-1", "1.5", "a:b:1", "1e3", ":1", "99999999999999999999"])("garbage (%s) is 400", async (after) => {
    const reply = await system().codexd.request("GET", `${EVENTS}?after=${encodeURIComponent(after)}`);
    expect(problemOf(reply)).toEqual({ status: 400, code: "bad_cursor" });
  });

  test("too old: what the window dropped is a reset, and the text of its turns comes from Codex", async (t) => {
    const own = await startSystem(t);
    const session = await createSession(own);
    const turn = await runTurn(own, session.id, "window-1");
    await own.codexd.stop();
    const oldest = await dropEverything(own.codexd.layout.logsDir);
    await own.codexd.start();
    for (const reset of Object.values(await resetsFor("0", own))) {
      expect(reset).toMatchObject({ from: 0, to: oldest - 1, reason: "too_old" });
    }
    const after = await page("after=0", own);
    expect([after.oldestSeq, after.events[0]?.seq]).toEqual([oldest, oldest]);
    const fromCodex = await readTurn(own, turn);
    expect(fromCodex).toMatchObject({ state: "completed", text: "You said: window-1", source: "codex" });
    expect(fromCodex.items.map((item) => item.itemId)).toEqual(turn.items.map((item) => item.itemId));
    expect((await runTurn(own, session.id, "window-2")).text).toBe("You said: window-2");
  });
});

/** Does to a stopped daemon's log what its window would do in a week; the checkpoints have applied all of it. */
const dropEverything = async (dir: string): Promise<number> => {
  const log = await EventLog.open({
    dir,
    segmentRecordsMax: 1,
    retention: { maxAgeMs: 0, maxBytes: 0 },
    onFatal: (error) => expect.fail(String(error)),
  });
  const applied = log.head();
  const at = new Date().toISOString();
  for (let i = 0; i < 3; i++) log.append([{ type: "codex.notification", at, data: { method: "test", params: {} } }]);
  log.dropSegments({ appliedSeq: applied, keepFromSeq: applied + 1 });
  await log.close();
  return log.oldest();
};

describe("what else is served", () => {
  test("openapi.json has every route", async () => {
    const reply = await system().codexd.request("GET", "/openapi.json");
    const { openapi, paths } = reply.json as { openapi: string; paths: Record<string, Record<string, unknown>> };
    expect(openapi).toMatch(/^3\.1\./);
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const rows = Object.values(CODEXD_ROUTES).map((route) => `${route.method} ${route.path}`);
    expect(served.sort()).toEqual(rows.sort());
  });

  test("metrics count what happened", async () => {
    const session = await createSession(system());
    await runTurn(system(), session.id, "metrics-1");
    const reply = await system().codexd.request("GET", "/v1/codexd/metrics");
    expect(reply.headers["content-type"]).toMatch(/^text\/plain/);
    const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(reply.text)?.[1]);
    expect(value("codexd_ready")).toBe(1);
    expect(value("codexd_turns_open")).toBe(0);
    expect(value("codexd_log_head_seq")).toBe(await headSeq());
    expect(value("codexd_child_restarts_total")).toBe(0);
    expect(reply.text).toMatch(/^codexd_notifications_coalesced_total\{method="thread\/status\/changed"\} [1-9]/m);
  });

  test("an approval that nobody waits for any more leaves no trace in the snapshot", async () => {
    expect(problemOf(await decide(system(), "apr_00000000000000000000000000000000", { decision: "accept" }))).toEqual({
      status: 404,
      code: "approval_not_found",
    });
    const hello = await sse("", (frame) => frame.event === "hello");
    expect(hello[0]?.data["snapshot"]).toMatchObject({ openTurns: [], pendingApprovals: [] });
  });
});

test("all of the above left a consistent log", async () => {
  await system().ledger.assertConsistent();
});

import { Status } from "@baa/contracts";
import { expect, it } from "vitest";
import { type StatusParts, statusDocument } from "../src/status-document.ts";

const FRESH = { asOf: "t1", staleMs: 0 };
const UP = { kind: "up", since: "t0", misses: 0 } as const;
const DOWN = { kind: "down", since: "t5", reason: "ECONNREFUSED", probes: 3 } as const;

/** Everything up, one turn in progress. */
const ALL_UP: StatusParts = {
  at: "t2",
  version: "0.1.0",
  controlApiBase: undefined,
  conductor: {
    address: "http://127.0.0.1:4317",
    link: UP,
    runtime: {
      name: "conductor",
      ready: true,
      role: "leader",
      mode: "running",
      node: "mini",
      version: "0.1.0",
      startedAt: "t0",
      fence: 7,
      listeners: [{ address: "http://127.0.0.1:4317", state: "up" }],
      reasons: [],
    },
    control: { mode: "running", reasons: [], openTurns: 1, idle: false },
    freshness: FRESH,
  },
  codex: {
    status: {
      mode: "app-server",
      status: "ready",
      guarantees: "full",
      daemon: { id: "cxd_1", version: "0.2.0", pid: 7, startedAt: "t0", logId: "log_1" },
      child: { state: "ready", generation: 2, restarts: 1, pid: 8, version: "0.169.0" },
      counts: { sessions: 5, turns: 9, openTurns: 1, queuedTurns: 0, pendingApprovals: 2 },
    },
    freshness: FRESH,
  },
  codexd: {
    address: "http://127.0.0.1:4319",
    link: UP,
    readyz: { status: "ready", reasons: [] },
    freshness: FRESH,
  },
};

it("shows services, control, child and counts, and where each comes from", () => {
  const document = statusDocument({ ...ALL_UP, controlApiBase: "https://conductor.example.net" });
  expect(document).toEqual({
    mode: "running",
    summary: { level: "ok", text: "All services are up. 1 turn in progress, 2 approvals waiting." },
    at: "t2",
    version: "0.1.0",
    services: {
      conductor: {
        state: "up",
        since: "t0",
        address: "http://127.0.0.1:4317",
        ready: true,
        reasons: [],
        version: "0.1.0",
        startedAt: "t0",
        role: "leader",
        node: "mini",
        fence: 7,
        listeners: [{ address: "http://127.0.0.1:4317", state: "up" }],
        source: "conductor",
      },
      codexd: {
        state: "up",
        since: "t0",
        address: "http://127.0.0.1:4319",
        ready: true,
        reasons: [],
        version: "0.2.0",
        startedAt: "t0",
        guarantees: "full",
        source: "codexd",
      },
    },
    control: { mode: "running", reasons: [], idle: false, source: "conductor" },
    child: { state: "ready", generation: 2, restarts: 1, pid: 8, version: "0.169.0", source: "codex" },
    counts: { sessions: 5, turnsInFlight: 1, approvalsWaiting: 2, source: "codex" },
    sources: { conductor: FRESH, codex: FRESH, codexd: FRESH },
    controlApiBase: "https://conductor.example.net",
  });
  expect(Status.safeParse(document).success).toBe(true);
});

it("a conductor that died is down since when, and what it said last is shown with its age", () => {
  const stale = { asOf: "t1", staleMs: 4000, staleReason: "down since t5: ECONNREFUSED" };
  const document = statusDocument({
    ...ALL_UP,
    conductor: { ...ALL_UP.conductor, link: DOWN, freshness: stale },
    codex: { ...ALL_UP.codex, freshness: stale },
  });
  expect(document.services.conductor).toMatchObject({
    state: "down",
    since: "t5",
    reason: "ECONNREFUSED",
    role: "leader",
  });
  expect(document.services.conductor).not.toHaveProperty("ready");
  expect(document.services.codexd).toMatchObject({ state: "up", ready: true });
  expect(document.counts).toMatchObject({ sessions: 5 });
  expect(document.sources).toEqual({ conductor: stale, codex: stale, codexd: FRESH });
  expect(document.summary).toEqual({ level: "down", text: "conductor is down since t5." });
});

it("before anything has answered it says that, and nothing else", () => {
  const nothing = { link: { kind: "unknown" }, freshness: undefined } as const;
  const document = statusDocument({
    ...ALL_UP,
    conductor: { address: "http://127.0.0.1:4317", runtime: undefined, control: undefined, ...nothing },
    codex: { status: undefined, freshness: undefined },
    codexd: { address: "http://127.0.0.1:4319", readyz: undefined, ...nothing },
  });
  expect(document).toEqual({
    mode: "unknown",
    summary: { level: "degraded", text: "conductor has not answered yet. codexd has not answered yet." },
    at: "t2",
    version: "0.1.0",
    services: {
      conductor: { state: "unknown", address: "http://127.0.0.1:4317", source: "conductor" },
      codexd: { state: "unknown", address: "http://127.0.0.1:4319", source: "codexd" },
    },
    sources: {},
  });
  expect(Status.safeParse(document).success).toBe(true);
});

it("what stands in the way of serving is said in the summary", () => {
  const notReady = {
    status: "notReady",
    reasons: [{ code: "child_unavailable", message: "The child is starting." }],
  } as const;
  const document = statusDocument({
    ...ALL_UP,
    conductor: { ...ALL_UP.conductor, control: { mode: "draining", reasons: [], openTurns: 0, idle: true } },
    codexd: { ...ALL_UP.codexd, readyz: { ...notReady, reasons: [...notReady.reasons] } },
  });
  expect(document.mode).toBe("draining");
  expect(document.summary).toEqual({
    level: "degraded",
    text: "codexd is not ready: The child is starting. conductor is draining.",
  });
});

it("both down are both named", () => {
  const { summary } = statusDocument({
    ...ALL_UP,
    conductor: { ...ALL_UP.conductor, link: DOWN },
    codexd: { ...ALL_UP.codexd, link: { ...DOWN, since: "t6" } },
  });
  expect(summary).toEqual({ level: "down", text: "conductor is down since t5. codexd is down since t6." });
});

it("while codexd is back and conductor has not found it yet, it is not called well: the counts are old", () => {
  const freshness = { asOf: "t1", staleMs: 921, staleReason: "codexd is down since t1." };
  const { summary } = statusDocument({ ...ALL_UP, codex: { ...ALL_UP.codex, freshness } });
  expect(summary).toEqual({
    level: "degraded",
    text: "What is in progress is as of t1: codexd is down since t1.",
  });
});

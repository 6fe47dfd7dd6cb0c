import { describe, expect, it } from "vitest";
import type { RouteDef } from "../src/index.ts";
import { Status, STATUS_ROUTES, StatusEventsQuery, StatusSessionList } from "../src/index.ts";

const rows = Object.entries<Omit<RouteDef, "name">>(STATUS_ROUTES);

describe("status-api's routes", () => {
  it("are those of the architecture", () => {
    expect(rows.map(([, { path }]) => path)).toEqual([
      "/healthz",
      "/readyz",
      "/openapi.json",
      "/metrics",
      "/v1/status",
      "/v1/sessions",
      "/v1/sessions/{sessionId}",
      "/v1/sessions/{sessionId}/turns",
      "/v1/sessions/{sessionId}/turns/{turnId}",
      "/v1/approvals",
      "/v1/events",
    ]);
  });

  it.each(rows)("%s only reads", (_name, row) => {
    expect([row.method, row.body, row.idempotent]).toEqual(["GET", undefined, undefined]);
    expect(row.scope).toBe(["/healthz", "/readyz"].includes(row.path) ? "none" : "read");
    expect(row.summary).toMatch(/^[A-Zc].*[^.\s]$/);
  });
});

it("a list carries its age, and lets pass what is not known", () => {
  const fresh = { sessions: [], nextCursor: null, asOfSeq: 5, asOf: "t", staleMs: 0, more: 1 };
  expect(StatusSessionList.parse(fresh)).toEqual(fresh);
  expect(StatusSessionList.safeParse({ ...fresh, staleMs: -1 }).success).toBe(false);
  expect(StatusSessionList.safeParse({ ...fresh, asOf: undefined }).success).toBe(false);
});

it("events are codexd's unless conductor's are asked for", () => {
  expect(StatusEventsQuery.parse({}).source).toBe("codex");
  expect(StatusEventsQuery.parse({ source: "conductor", after: "5" })).toMatchObject({
    source: "conductor",
    after: "5",
  });
  expect(StatusEventsQuery.safeParse({ source: "codexd" }).success).toBe(false);
});

it("a document in which nothing has answered yet is whole", () => {
  const service = { state: "unknown", address: "http://127.0.0.1:1", source: "conductor" };
  const least = {
    mode: "unknown",
    summary: { level: "degraded", text: "Nothing has answered yet." },
    at: "t",
    version: "0.1.0",
    services: { conductor: service, codexd: { ...service, source: "codexd" } },
    sources: {},
  };
  expect(Status.parse(least)).toEqual(least);
  expect(Status.safeParse({ ...least, mode: "asleep" }).success).toBe(false);
});

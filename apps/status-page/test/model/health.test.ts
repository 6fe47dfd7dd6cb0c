import type { Status } from "@baa/contracts";
import { describe, expect, test } from "vitest";
import { headline, healthCards } from "../../src/model/health.ts";
import type { StatusReading } from "../../src/model/health.ts";
import { clockTime } from "../../src/text/format.ts";
import { AT } from "../support/events.ts";

const statusOf = (more: Partial<Status> = {}): Status => ({
  mode: "running",
  summary: { level: "ok", text: "All services are up." },
  at: AT,
  version: "0.1.0",
  services: {
    conductor: { state: "up", ready: true, address: "http://127.0.0.1:4317", role: "leader", source: "conductor" },
    codexd: { state: "up", ready: true, address: "http://127.0.0.1:4319", source: "codexd" },
  },
  control: { mode: "running", reasons: [], idle: true, source: "conductor" },
  child: { state: "ready", generation: 1, restarts: 0, version: "0.169.0", source: "codex" },
  sources: {
    conductor: { asOf: AT, staleMs: 0 },
    codex: { asOf: AT, staleMs: 0 },
    codexd: { asOf: AT, staleMs: 0 },
  },
  ...more,
});
const reading = (status: Status | undefined, failure?: StatusReading["failure"]): StatusReading => ({
  status,
  receivedAtMs: 1_000_000,
  failure,
});
const faces = (of: StatusReading, nowMs = 1_000_000) =>
  healthCards(of, nowMs).map(({ id, tone, state, staleMs }) => [id, tone, state, staleMs]);

describe("the cards", () => {
  test("all is well", () => {
    expect(faces(reading(statusOf()))).toEqual([
      ["conductor", "good", "up", 0],
      ["codexd", "good", "up", 0],
      ["child", "good", "ready", 0],
      ["control", "good", "running", 0],
    ]);
  });

  test("a dead codexd is down with its reason, and what it said last is shown as old", () => {
    const status = statusOf();
    const dead = statusOf({
      services: {
        ...status.services,
        codexd: { ...status.services.codexd, state: "down", reason: "ECONNREFUSED", since: AT },
      },
      sources: {
        ...status.sources,
        codex: { asOf: AT, staleMs: 9_000, staleReason: `down since ${AT}` },
        codexd: { asOf: AT, staleMs: 8_000, staleReason: "ECONNREFUSED" },
      },
    });
    expect(faces(reading(dead))).toEqual([
      ["conductor", "good", "up", 0],
      ["codexd", "bad", "down", 8_000],
      ["child", "quiet", "was ready", 9_000],
      ["control", "good", "running", 0],
    ]);
    const [, codexd, child] = healthCards(reading(dead), 0);
    expect(codexd).toMatchObject({ trouble: ["ECONNREFUSED"], since: AT });
    expect(child?.staleReason).toBe(`down since ${clockTime(AT)}`);
  });

  test("up but not ready says why", () => {
    const status = statusOf();
    const reasons = [{ code: "login_required", message: "Log in: baa login" }];
    const codexd = { ...status.services.codexd, ready: false, reasons };
    expect(healthCards(reading(statusOf({ services: { ...status.services, codexd } })), 0)[1]).toMatchObject({
      tone: "warn",
      state: "not ready",
      trouble: ["Log in: baa login"],
    });
  });

  test("control shows every reason", () => {
    const reasons = [{ id: "restart:1", mode: "draining", by: "shared", at: AT, note: "upgrade" } as const];
    const control = { mode: "draining", reasons, idle: false, source: "conductor" } as const;
    expect(healthCards(reading(statusOf({ control })), 0)[3]).toMatchObject({
      tone: "warn",
      state: "draining",
      trouble: ["draining by shared (restart:1): upgrade"],
    });
  });

  test("when status-api itself is silent, everything grows old", () => {
    const silent = reading(statusOf(), { message: "status-api does not answer.", sinceMs: 1_003_000 });
    expect(faces(silent, 1_010_000).map(([, , , staleMs]) => staleMs)).toEqual([10_000, 10_000, 10_000, 10_000]);
    expect(headline(silent)).toEqual({ tone: "bad", text: "status-api does not answer." });
  });

  test("before the first answer there are none", () => {
    expect(healthCards(reading(undefined), 0)).toEqual([]);
    expect(headline(reading(undefined))).toEqual({ tone: "quiet", text: "Asking …" });
  });
});

test("the headline is the service's own sentence, with local times", () => {
  const summary = { level: "down", text: `codexd is down since ${AT}.` } as const;
  expect(headline(reading(statusOf({ summary })))).toEqual({
    tone: "bad",
    text: `codexd is down since ${clockTime(AT)}.`,
  });
});

import { describe, expect, it } from "vitest";
import {
  APPROVAL_DECISIONS,
  CODEXD_EVENT_TYPES,
  ControlFrame,
  ITEM_CHANNELS,
  Problem,
  PROBLEMS,
  SCOPES,
  WS_CLOSE,
} from "../src/index.ts";

const problems = Object.entries(PROBLEMS);

describe("the problem registry", () => {
  it.each(problems)("%s is one sentence what happened and one what to do", (code, { status, fault, title, next }) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(["caller", "operator", "peer", "us"]).toContain(fault);
    for (const sentence of [title, next]) expect(sentence).toMatch(/^[A-Z][^\n]*[^.\s]\.$/);
  });

  it("says nothing twice about what happened", () => {
    const titles = problems.map(([, { title }]) => title);
    expect(titles.toSorted()).toEqual([...new Set(titles)].toSorted());
  });

  it("never blames the caller for a status of the service's, nor the service for one of the caller's", () => {
    const misfits = problems.filter(([, { status, fault }]) => status >= 500 === (fault === "caller"));
    // What the operator has to set right can show as either.
    expect(misfits.filter(([, { fault }]) => fault !== "operator").map(([code]) => code)).toEqual([]);
  });

  it("has the statuses that the guarantees fix", () => {
    const statusOf = (code: keyof typeof PROBLEMS): number => PROBLEMS[code].status;
    expect({
      bad_cursor: statusOf("bad_cursor"),
      bad_host: statusOf("bad_host"),
      unauthorized: statusOf("unauthorized"),
      forbidden_origin: statusOf("forbidden_origin"),
      forbidden_scope: statusOf("forbidden_scope"),
      policy_denied: statusOf("policy_denied"),
      method_not_allowed: statusOf("method_not_allowed"),
      turn_active: statusOf("turn_active"),
      idempotency_in_progress: statusOf("idempotency_in_progress"),
      unsupported_media_type: statusOf("unsupported_media_type"),
      host_not_allowed: statusOf("host_not_allowed"),
      idempotency_key_reused: statusOf("idempotency_key_reused"),
      rate_limited: statusOf("rate_limited"),
      turns_full: statusOf("turns_full"),
      child_unavailable: statusOf("child_unavailable"),
      storage_full: statusOf("storage_full"),
    }).toEqual({
      bad_cursor: 400,
      bad_host: 400,
      unauthorized: 401,
      forbidden_origin: 403,
      forbidden_scope: 403,
      policy_denied: 403,
      method_not_allowed: 405,
      turn_active: 409,
      idempotency_in_progress: 409,
      unsupported_media_type: 415,
      host_not_allowed: 421,
      idempotency_key_reused: 422,
      rate_limited: 429,
      turns_full: 429,
      child_unavailable: 503,
      storage_full: 507,
    });
  });

  it("has a body that lets members and codes pass that are not known", () => {
    const body = {
      type: "t",
      title: "T.",
      status: 418,
      code: "brand_new",
      turnId: "turn_1",
      errors: [{ path: "/input", message: "m", more: 1 }],
    };
    expect(Problem.parse(body)).toEqual(body);
    for (const key of ["type", "title", "status", "code"])
      expect(Problem.safeParse({ ...body, [key]: undefined }).success).toBe(false);
  });
});

describe("close codes", () => {
  it("are those of the architecture, each once", () => {
    expect(WS_CLOSE).toEqual({
      goingAway: 1001,
      auth: 4401,
      forbidden: 4403,
      handshake: 4408,
      superseded: 4409,
      revoked: 4410,
      version: 4426,
      slow: 4429,
    });
    const codes = Object.values(WS_CLOSE);
    expect(new Set(codes).size).toBe(codes.length);
  });
});

describe("words", () => {
  it.each([
    ["event types", CODEXD_EVENT_TYPES],
    ["item channels", ITEM_CHANNELS],
    ["approval decisions", APPROVAL_DECISIONS],
    ["scopes", SCOPES],
  ])("%s are there once", (_name, words: readonly string[]) => {
    expect(words.toSorted()).toEqual([...new Set(words)].toSorted());
  });

  it("event types have a dot and control frames have none, so that no frame can be both", () => {
    for (const type of CODEXD_EVENT_TYPES) expect(type).toMatch(/^[a-z]+\.[a-z][A-Za-z]*$/);
    expect(ControlFrame.unwrap().options.map((option) => option.unwrap().shape.type.value)).toEqual([
      "hello",
      "reset",
      "heartbeat",
      "bye",
    ]);
  });
});

import { CODEXD_ROUTES } from "@baa/contracts";
import { describe, expect, it } from "vitest";
import type { GuardTarget } from "../guard-matrix.ts";
import { guardControls, guardMatrix } from "../guard-matrix.ts";
import { READ_TOKEN, TOKEN } from "../test-server.ts";
import { ask, bearer, HOST, makeGuard, PORT, status } from "./codexd-guard.ts";

const ID = "0123456789abcdef0123456789abcdef";

/** Every row of codexd's table, and the feed's upgrade. */
const TARGETS: GuardTarget[] = [
  ...Object.values(CODEXD_ROUTES).map((row): GuardTarget => ({
    method: row.method,
    path: row.path
      .replace("{sessionId}", `ses_${ID}`)
      .replace("{turnId}", `turn_${ID}`)
      .replace("{approvalId}", `apr_${ID}`),
    ...("body" in row ? { body: "{}" } : {}),
    isOpen: row.scope === "none",
  })),
  { method: "GET", path: "/v1/codexd/events", isUpgrade: true },
];

describe("attack matrix", () => {
  const cases = guardMatrix({ port: PORT, token: TOKEN, targets: TARGETS });

  it("holds at least 420 cases", () => {
    expect(cases.length).toBeGreaterThanOrEqual(420);
    expect(new Set(cases.map((c) => c.id)).size).toBe(cases.length);
  });

  it("refuses every case with a stated status", () => {
    const wrong = cases.flatMap((c) => {
      const got = status(makeGuard().guard.check(ask(c)));
      return c.expect.includes(got) ? [] : [`${c.id}: got ${got}, expected ${c.expect.join(" or ")}`];
    });
    expect(wrong).toEqual([]);
  });

  it("lets every control through", () => {
    const controls = guardControls({ port: PORT, token: TOKEN, targets: TARGETS });
    const { guard } = makeGuard();
    expect(controls.length).toBeGreaterThanOrEqual(60);
    expect(controls.filter((c) => !guard.check(ask(c)).ok).map((c) => c.id)).toEqual([]);
  });
});

describe("order", () => {
  it("is host, allow-list, page, method, type, credential, scope", () => {
    const { guard } = makeGuard();
    const bad = {
      host: ["Host", "a"] as const,
      foreign: ["Host", "evil.example"] as const,
      page: ["Origin", "x"] as const,
      type: ["Content-Type", "text/plain"] as const,
      token: bearer("wrong"),
    };
    const seen = [
      ask({ method: "OPTIONS", target: "http://x/", headers: [bad.foreign, bad.page, bad.type, bad.token] }),
      ask({ method: "OPTIONS", headers: [bad.foreign, bad.page, bad.type, bad.token] }),
      ask({ method: "OPTIONS", headers: [HOST, bad.page, bad.type, bad.token] }),
      ask({ method: "OPTIONS", headers: [HOST, bad.type, bad.token] }),
      ask({ method: "POST", headers: [HOST, bad.type, bad.token] }),
      ask({ method: "POST", headers: [HOST, bad.token] }),
      ask({ method: "POST", headers: [HOST, bearer(READ_TOKEN)] }),
      ask({ method: "POST", headers: [HOST, bearer(TOKEN)] }),
    ].map((request) => status(guard.check(request)));
    expect(seen).toEqual([400, 421, 403, 405, 415, 401, 403, 200]);
  });

  it.each(["PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", ""])("method %j is 405", (method) => {
    expect(status(makeGuard().guard.check(ask({ method, headers: [HOST, bearer(TOKEN)] })))).toBe(405);
  });

  it("an unknown path tells nothing without a credential", () => {
    const { guard } = makeGuard();
    expect(status(guard.check(ask({ target: "/nothing", headers: [HOST] })))).toBe(401);
    expect(guard.check(ask({ target: "/nothing", headers: [HOST, bearer(READ_TOKEN)] }))).toMatchObject({
      ok: true,
      route: undefined,
    });
  });
});

describe("media types", () => {
  const send = (headers: readonly (readonly [string, string])[]) =>
    status(makeGuard().guard.check(ask({ method: "POST", headers: [HOST, bearer(TOKEN), ...headers] })));

  it.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'Application/JSON; charset="utf-8"',
  ])("%s passes", (type) =>
    expect(
      send([
        ["Content-Type", type],
        ["Content-Length", "2"],
      ]),
    ).toBe(200),
  );

  it("no body needs no type, any body does", () => {
    expect(send([])).toBe(200);
    expect(send([["Content-Length", "0"]])).toBe(200);
    expect(send([["Content-Length", "1"]])).toBe(415);
    expect(send([["Transfer-Encoding", "chunked"]])).toBe(415);
    expect(
      send([
        ["Content-Length", "0"],
        ["Content-Length", "4"],
      ]),
    ).toBe(415);
  });
});

describe("scopes", () => {
  it("a read token reads and does nothing else; admin does all", () => {
    const seen = TARGETS.filter((t) => t.isOpen !== true).map((t) => {
      const headers = [
        HOST,
        bearer(READ_TOKEN),
        ...(t.body === undefined ? [] : [["Content-Type", "application/json"] as const]),
      ];
      return `${t.method} ${status(makeGuard().guard.check(ask({ method: t.method, target: t.path, headers })))}`;
    });
    expect(new Set(seen)).toEqual(new Set(["GET 200", "POST 403", "DELETE 403"]));
  });

  it("names the scope that is missing", () => {
    const decision = makeGuard().guard.check(
      ask({ method: "POST", target: `/v1/codexd/approvals/apr_${ID}`, headers: [HOST, bearer(READ_TOKEN)] }),
    );
    expect(decision).toEqual({ ok: false, code: "forbidden_scope", detail: "needs the scope approve" });
  });
});

describe("failed credentials", () => {
  const wrong = (remoteAddress = "127.0.0.1") => ask({ headers: [HOST, bearer("wrong")], remoteAddress });

  it("ten a minute per address, loopback included; a valid token always passes; one line a window", () => {
    let nowMs = 0;
    const { guard, rejects } = makeGuard({ nowMs: () => nowMs });
    const first = Array.from({ length: 12 }, () => status(guard.check(wrong())));
    expect(first).toEqual([401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 429, 429]);
    expect(status(guard.check(ask({ headers: [HOST, bearer(TOKEN)] })))).toBe(200);
    expect(status(guard.check(wrong("10.0.0.1")))).toBe(401);
    expect(rejects.filter((reject) => reject.limitReached === true)).toHaveLength(1);
    nowMs = 30_000;
    expect(guard.check(wrong())).toEqual({ ok: false, code: "rate_limited", retryAfterS: 30 });
    nowMs = 60_000;
    expect(status(guard.check(wrong()))).toBe(401);
  });

  it("10,000 tries from 5,000 addresses stay bounded and are all refused", () => {
    const { guard } = makeGuard();
    const seen = new Set(Array.from({ length: 10_000 }, (_, i) => status(guard.check(wrong(`10.0.${i % 5000}`)))));
    expect(seen).toEqual(new Set([401]));
  });

  it("a missing credential is no guess", () => {
    const { guard } = makeGuard();
    const seen = new Set(Array.from({ length: 50 }, () => status(guard.check(ask({ headers: [HOST] })))));
    expect(seen).toEqual(new Set([401]));
  });
});

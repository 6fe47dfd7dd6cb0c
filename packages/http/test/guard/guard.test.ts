import { CODEXD_ROUTES, PROBLEMS } from "@baa/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuardReject, GuardRequest } from "../../src/index.ts";
import { AllowedHostError, CODEXD_SURFACES, createGuard, fixedToken } from "../../src/index.ts";
import type { GuardTarget } from "../guard-matrix.ts";
import { guardControls, guardMatrix } from "../guard-matrix.ts";
import { READ_TOKEN, TOKEN } from "../test-server.ts";

const PORT = 4319;
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

function makeGuard(
  o: { nowMs?: () => number; allowedHosts?: string[]; listeners?: { host: string; port: number }[] } = {},
) {
  const rejects: GuardReject[] = [];
  const guard = createGuard({
    listeners: () => o.listeners ?? [{ host: "127.0.0.1", port: PORT }],
    ...(o.allowedHosts === undefined ? {} : { allowedHosts: o.allowedHosts }),
    credentials: [
      fixedToken({ token: TOKEN, id: "local", scopes: ["admin"] }),
      fixedToken({ token: READ_TOKEN, id: "reader", scopes: ["read"] }),
    ],
    surfaces: CODEXD_SURFACES,
    routes: CODEXD_ROUTES,
    clock: { monoMs: o.nowMs ?? (() => 0) },
    onReject: (reject) => void rejects.push(reject),
  });
  return { guard, rejects };
}

interface Asked {
  method?: string;
  target?: string;
  headers?: readonly (readonly [string, string])[];
  httpVersion?: string;
  remoteAddress?: string;
}

const ask = (o: Asked = {}): GuardRequest => ({
  method: o.method ?? "GET",
  target: o.target ?? "/v1/codexd/sessions",
  httpVersion: o.httpVersion ?? "1.1",
  rawHeaders: (o.headers ?? []).flat(),
  remoteAddress: o.remoteAddress ?? "127.0.0.1",
});

const HOST = ["Host", "127.0.0.1:4319"] as const;
const bearer = (token: string) => ["Authorization", `Bearer ${token}`] as const;
const status = (decision: ReturnType<ReturnType<typeof createGuard>["check"]>): number =>
  decision.ok ? 200 : PROBLEMS[decision.code].status;

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

describe("hosts", () => {
  it("take the address of each listener with its port", () => {
    const { guard } = makeGuard({
      listeners: [
        { host: "127.0.0.1", port: 4317 },
        { host: "100.71.0.7", port: 4317 },
        { host: "::1", port: 4400 },
      ],
    });
    const open = (host: string) => status(guard.check(ask({ target: "/healthz", headers: [["Host", host]] })));
    expect(["127.0.0.1:4317", "100.71.0.7:4317", "localhost:4317", "[::1]:4400"].map(open)).toEqual([
      200, 200, 200, 200,
    ]);
    expect(["100.71.0.7", "100.71.0.7:4400", "[::1]:4317", "::1:4400", "127.0.0.1:4319"].map(open)).toEqual([
      421, 421, 421, 421, 421,
    ]);
  });

  it("of the operator's list: without a port means this port, a public name also bare", () => {
    const { guard } = makeGuard({
      allowedHosts: ["mini", "conductor.example.org", "proxy.example.org:8443", "10.0.0.9"],
    });
    const open = (host: string) => status(guard.check(ask({ target: "/healthz", headers: [["Host", host]] })));
    expect(
      [
        "mini:4319",
        "conductor.example.org",
        "conductor.example.org:4319",
        "proxy.example.org:8443",
        "10.0.0.9:4319",
      ].map(open),
    ).toEqual([200, 200, 200, 200, 200]);
    expect(
      [
        "mini",
        "conductor.example.org:443",
        "proxy.example.org",
        "proxy.example.org:4319",
        "10.0.0.9",
        "x.conductor.example.org",
      ].map(open),
    ).toEqual([421, 421, 421, 421, 421, 421]);
  });

  it.each([
    "*",
    "*.example.org",
    "",
    "http://example.org",
    "example.org/",
    "a b",
    "0.0.0.0",
    "[::]",
    "user@example.org",
    "example.org:",
    ".example.org",
  ])("refuses %j when the guard is made", (entry) => {
    expect(() => makeGuard({ allowedHosts: [entry] })).toThrow(AllowedHostError);
  });

  it("nothing is served before a listener is known", () => {
    const { guard } = makeGuard({ listeners: [] });
    expect(status(guard.check(ask({ target: "/healthz", headers: [HOST] })))).toBe(421);
  });
});

describe("open surfaces", () => {
  const page = [HOST, ["Origin", "http://evil.example"], ["Sec-Fetch-Site", "cross-site"]] as const;

  it.each(["/healthz", "/readyz", "/v1/codexd/status", "/healthz?x=1"])(
    "%s skips browser check and credential",
    (target) => {
      const { guard } = makeGuard();
      expect(status(guard.check(ask({ target, headers: page })))).toBe(200);
      expect(status(guard.check(ask({ target, method: "HEAD", headers: page })))).toBe(200);
    },
  );

  it.each([
    "/healthz/",
    "//healthz",
    "/HEALTHZ",
    "/healthz/../healthz",
    "/%68ealthz",
    "/v1/codexd/status/",
    "/v1/codexd/statusx",
  ])("%s is not one of them", (target) => {
    const { guard } = makeGuard();
    expect(status(guard.check(ask({ target, headers: page })))).toBe(403);
    expect(status(guard.check(ask({ target, headers: [HOST] })))).toBe(401);
  });

  it("stay guarded for other methods", () => {
    const { guard } = makeGuard();
    expect(status(guard.check(ask({ target: "/healthz", method: "POST", headers: page })))).toBe(403);
    expect(status(guard.check(ask({ target: "/healthz", method: "POST", headers: [HOST] })))).toBe(401);
  });

  it("health does not look at a credential, status passes a valid one on and refuses a wrong one", () => {
    const { guard } = makeGuard();
    const wrong = [HOST, bearer("wrong")] as const;
    expect(guard.check(ask({ target: "/healthz", headers: wrong }))).toMatchObject({ ok: true, credential: undefined });
    expect(status(guard.check(ask({ target: "/v1/codexd/status", headers: wrong })))).toBe(401);
    expect(guard.check(ask({ target: "/v1/codexd/status", headers: [HOST, bearer(READ_TOKEN)] }))).toMatchObject({
      ok: true,
      route: "status",
      credential: { id: "reader" },
    });
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

describe("never throws", () => {
  it("10,000 generated hosts and origins are refused with a status", () => {
    const { guard, rejects } = makeGuard();
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ maxLength: 30 }),
      fc.webAuthority(),
      fc.constantFrom("", "[", "[::", "%", ":", "@:", "\u0000"),
    );
    const seen = new Set<number>();
    fc.assert(
      fc.property(text, text, fc.constantFrom("1.0", "1.1"), (host, origin, httpVersion) => {
        const decision = guard.check(
          ask({
            httpVersion,
            headers: [
              ["Host", host],
              ["Origin", origin],
            ],
          }),
        );
        seen.add(status(decision));
        return !decision.ok;
      }),
      { numRuns: 10_000 },
    );
    expect([...seen].every((s) => s === 400 || s === 421)).toBe(true);
    expect(rejects.some((reject) => reject.error !== undefined)).toBe(false);
  });

  it("generated requests of any shape get a decision", () => {
    const { guard } = makeGuard();
    const names = fc.constantFrom(
      "Host",
      "host",
      "Origin",
      "Authorization",
      "Content-Type",
      "Content-Length",
      "Sec-Fetch-Site",
      "Referer",
      "x",
    );
    const values = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("127.0.0.1:4319", `Bearer ${TOKEN}`, "none", "application/json"),
    );
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ unit: "binary" }),
        fc.array(fc.tuple(names, values)),
        (method, target, headers) => {
          const decision = guard.check(ask({ method, target: `/${target}`, headers }));
          return typeof decision.ok === "boolean";
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it("a failure inside is 400 and reported, a failing listener changes nothing", () => {
    const reported: GuardReject[] = [];
    const guard = createGuard({
      listeners: () => [{ host: "127.0.0.1", port: PORT }],
      credentials: [
        {
          find: () => {
            throw new Error("disk");
          },
        },
      ],
      surfaces: [],
      routes: CODEXD_ROUTES,
      clock: { monoMs: () => 0 },
      onReject: (reject) => {
        reported.push(reject);
        throw new Error("listener");
      },
    });
    expect(guard.check(ask({ headers: [HOST, bearer(TOKEN)] }))).toEqual({ ok: false, code: "bad_request" });
    expect(reported[0]?.error).toBeInstanceOf(Error);
    expect(guard.check({ ...ask(), rawHeaders: undefined as never })).toEqual({ ok: false, code: "bad_request" });
  });
});

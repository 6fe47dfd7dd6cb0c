import { CONDUCTOR_ROUTES, PROBLEMS } from "@baa/contracts";
import { describe, expect, it } from "vitest";
import { CONDUCTOR_SURFACES, createGuard, fixedToken } from "../../src/index.ts";

const OWN = "own-0123456789abcdef0123456789abcdef";
const PUBLIC = "public-0123456789abcdef0123456789abc";
const NAME = "conductor.example.net";

const guardWith = (allowedHosts: readonly string[] = []) =>
  createGuard({
    listeners: () => [
      { host: "127.0.0.1", port: 4317 },
      { host: "100.71.210.78", port: 4317 },
    ],
    allowedHosts,
    credentials: [fixedToken({ token: OWN, id: "own", scopes: ["admin"] })],
    publicHosts: {
      hosts: [NAME],
      credentials: [fixedToken({ token: PUBLIC, id: "public", scopes: ["read", "drive"] })],
    },
    surfaces: CONDUCTOR_SURFACES,
    routes: CONDUCTOR_ROUTES,
    clock: { monoMs: () => 0 },
  });

const ask = (
  host: string,
  token: string | undefined,
  o: { method?: string; path?: string; more?: string[]; guard?: ReturnType<typeof guardWith> } = {},
): number => {
  const decision = (o.guard ?? guardWith()).check({
    method: o.method ?? "GET",
    target: o.path ?? "/v1/codex/sessions",
    httpVersion: "1.1",
    rawHeaders: ["Host", host, ...(token === undefined ? [] : ["Authorization", `Bearer ${token}`]), ...(o.more ?? [])],
    remoteAddress: "127.0.0.1",
  });
  return decision.ok ? 200 : PROBLEMS[decision.code].status;
};

describe("the public host", () => {
  it("takes its own token and no other; our own addresses do not take that one", () => {
    expect([ask(NAME, PUBLIC), ask(NAME, OWN), ask(NAME, undefined)]).toEqual([200, 401, 401]);
    for (const host of ["127.0.0.1:4317", "localhost:4317", "100.71.210.78:4317"]) {
      expect([ask(host, OWN), ask(host, PUBLIC)]).toEqual([200, 401]);
    }
  });

  it("may read and drive, and neither approve nor administer", () => {
    const id = "0123456789abcdef0123456789abcdef";
    expect(ask(NAME, PUBLIC, { method: "POST", path: "/v1/codex/turn" })).toBe(200);
    expect(ask(NAME, PUBLIC, { method: "POST", path: `/v1/codex/approvals/apr_${id}` })).toBe(403);
    expect(ask(NAME, PUBLIC, { method: "POST", path: "/v1/control/drain" })).toBe(403);
    expect(ask(NAME, PUBLIC, { method: "POST", path: "/v1/codex/account/logout" })).toBe(403);
  });

  it("is public also where it stands among our own hosts, and under our port", () => {
    const guard = guardWith([NAME]);
    expect([ask(NAME, OWN, { guard }), ask(NAME, PUBLIC, { guard })]).toEqual([401, 200]);
    expect([ask(`${NAME}:4317`, OWN, { guard }), ask(`${NAME}:4317`, PUBLIC)]).toEqual([401, 200]);
  });

  it("is not reached by what a proxy says, nor are our own addresses", () => {
    for (const name of ["X-Forwarded-Host", "Forwarded", "X-Original-Host", "X-Host"]) {
      expect(ask("127.0.0.1:4317", PUBLIC, { more: [name, NAME] })).toBe(401);
      expect(ask(NAME, OWN, { more: [name, "127.0.0.1:4317", "X-Forwarded-For", "127.0.0.1"] })).toBe(401);
    }
  });

  it.each([`${NAME}.`, `evil.${NAME}`, `${NAME}.evil.net`, NAME.toUpperCase(), `${NAME}:80`, "example.net"])(
    "%s is another name",
    (host) => {
      expect(ask(host, PUBLIC)).toBe(421);
    },
  );

  it("without one configured no name is served", () => {
    const guard = createGuard({
      listeners: () => [{ host: "127.0.0.1", port: 4317 }],
      credentials: [fixedToken({ token: OWN, id: "own", scopes: ["admin"] })],
      surfaces: CONDUCTOR_SURFACES,
      routes: CONDUCTOR_ROUTES,
      clock: { monoMs: () => 0 },
    });
    expect(ask(NAME, OWN, { guard })).toBe(421);
  });

  it("shows the open addresses, so that a probe from outside works", () => {
    for (const path of ["/healthz", "/rolez", "/v1/runtime", "/readyz"])
      expect(ask(NAME, undefined, { path })).toBe(200);
  });
});

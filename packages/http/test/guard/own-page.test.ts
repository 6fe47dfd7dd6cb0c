import { STATUS_ROUTES } from "@baa/contracts";
import { expect, it } from "vitest";
import { createGuard, fixedToken, STATUS_SURFACES } from "../../src/index.ts";
import { TOKEN } from "../test-server.ts";

const guard = createGuard({
  listeners: () => [{ host: "127.0.0.1", port: 4318 }],
  credentials: [fixedToken({ token: TOKEN, id: "reader", scopes: ["read"] })],
  surfaces: STATUS_SURFACES,
  routes: STATUS_ROUTES,
  clock: { monoMs: () => 0 },
});

const SESSION = "ses_0123456789abcdef0123456789abcdef";
const BEARER = ["Authorization", `Bearer ${TOKEN}`] as const;
const site = (value: string) => ["Sec-Fetch-Site", value] as const;

/** `pass`, or the code of the refusal. */
const ask = (target: string, headers: readonly (readonly [string, string])[], method = "GET"): string => {
  const rawHeaders = [["Host", "127.0.0.1:4318"] as const, ...headers].flat();
  const decision = guard.check({ method, target, httpVersion: "1.1", rawHeaders, remoteAddress: "127.0.0.1" });
  return decision.ok ? "pass" : decision.code;
};

it.each(["/v1/status", "/v1/sessions?limit=5", `/v1/sessions/${SESSION}/turns`, "/v1/events"])(
  "the page may fetch %s, with its token",
  (target) => {
    expect(ask(target, [site("same-origin"), BEARER])).toBe("pass");
    expect(ask(target, [site("same-origin"), BEARER], "HEAD")).toBe("pass");
    expect(ask(target, [site("none"), BEARER])).toBe("pass");
    expect(ask(target, [BEARER])).toBe("pass");
    expect(ask(target, [site("same-origin")])).toBe("unauthorized");
    expect(ask(target, [])).toBe("unauthorized");
  },
);

it.each([
  ["another site", [site("cross-site")]],
  ["a neighbour", [site("same-site")]],
  ["two answers", [site("same-origin"), site("cross-site")]],
  ["the same answer twice", [site("same-origin"), site("same-origin")]],
  ["another spelling", [site("Same-Origin")]],
  ["nothing in it", [site("")]],
  ["an Origin, even our own", [site("same-origin"), ["Origin", "http://127.0.0.1:4318"] as const]],
  ["a Referer, even our own", [site("same-origin"), ["Referer", "http://127.0.0.1:4318/"] as const]],
])("a request with %s is refused", (_name, headers) => {
  expect(ask("/v1/status", [...headers, BEARER])).toBe("forbidden_origin");
});

it("the page may ask for nothing else, and may send nothing", () => {
  expect(ask("/metrics", [site("same-origin"), BEARER])).toBe("forbidden_origin");
  expect(ask("/openapi.json", [site("same-origin"), BEARER])).toBe("forbidden_origin");
  expect(ask("/v1", [site("same-origin"), BEARER])).toBe("forbidden_origin");
  expect(ask("/v1/status", [site("same-origin"), BEARER], "POST")).toBe("forbidden_origin");
  expect(ask("/v1/status", [site("same-origin"), BEARER], "DELETE")).toBe("forbidden_origin");
});

it("health needs neither", () => {
  expect(ask("/healthz", [site("cross-site"), ["Origin", "http://evil.example"]])).toBe("pass");
  expect(ask("/readyz", [site("cross-site")])).toBe("pass");
});

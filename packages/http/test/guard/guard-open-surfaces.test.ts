import { describe, expect, it } from "vitest";
import { READ_TOKEN } from "../test-server.ts";
import { ask, bearer, HOST, makeGuard, status } from "./codexd-guard.ts";

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

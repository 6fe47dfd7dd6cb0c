import { CODEXD_ROUTES } from "@baa/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuardReject } from "../../src/index.ts";
import { createGuard } from "../../src/index.ts";
import { TOKEN } from "../test-server.ts";
import { ask, bearer, HOST, makeGuard, PORT, status } from "./codexd-guard.ts";

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

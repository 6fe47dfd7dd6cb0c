import { describe, expect, it } from "vitest";
import { AllowedHostError } from "../../src/index.ts";
import { ask, HOST, makeGuard, status } from "./codexd-guard.ts";

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

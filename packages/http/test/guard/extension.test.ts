import { CONDUCTOR_ROUTES } from "@baa/contracts";
import { describe, expect, it } from "vitest";
import { CONDUCTOR_SURFACES, createGuard, fixedToken } from "../../src/index.ts";
import { socketSurfaces } from "../../src/server/socket-service.ts";
import { TOKEN } from "../test-server.ts";

const PATH = "/ws/firefox";
const ENROLLED = "moz-extension://0a6a9e4c-3f0f-4e8e-9d3c-0123456789ab";
const STRANGER = "moz-extension://ffffffff-3f0f-4e8e-9d3c-0123456789ab";
const PUBLIC_NAME = "conductor.example.net";

type Header = readonly [string, string];
const HOST: Header = ["Host", "127.0.0.1:4317"];
const ORIGIN: Header = ["Origin", ENROLLED];
const BEARER: Header = ["Authorization", `Bearer ${TOKEN}`];
const site = (value: string): Header => ["Sec-Fetch-Site", value];

interface Asked {
  headers: readonly Header[];
  method?: string;
  path?: string;
  admits?: (origin: string) => boolean;
}

/** What the guard says of a request, and which Origins it asked about: `pass` with the row, or the code of the refusal. */
const check = (o: Asked): { said: string; asked: string[] } => {
  const asked: string[] = [];
  const admits = o.admits ?? ((origin) => origin === ENROLLED);
  const guard = createGuard({
    listeners: () => [
      { host: "127.0.0.1", port: 4317 },
      { host: "100.71.210.78", port: 4317 },
    ],
    credentials: [fixedToken({ token: TOKEN, id: "local", scopes: ["admin"] })],
    publicHosts: { hosts: [PUBLIC_NAME], credentials: [] },
    surfaces: [...socketSurfaces([PATH]), ...CONDUCTOR_SURFACES],
    admits: (origin) => {
      asked.push(origin);
      return admits(origin);
    },
    routes: { ...CONDUCTOR_ROUTES, bridge: { method: "GET", path: PATH, scope: "none" } },
    clock: { monoMs: () => 0 },
  });
  const decision = guard.check({
    method: o.method ?? "GET",
    target: o.path ?? PATH,
    httpVersion: "1.1",
    rawHeaders: o.headers.flat(),
    remoteAddress: "127.0.0.1",
  });
  return { said: decision.ok ? `pass ${decision.route}` : decision.code, asked };
};

describe("an extension that is admitted", () => {
  it.each<[string, readonly Header[]]>([
    ["as Firefox asks", [HOST, ORIGIN, site("same-origin")]],
    ["without Sec-Fetch-Site, as older ones ask", [HOST, ORIGIN]],
    ["with the Sec-Fetch-Site of no page", [HOST, ORIGIN, site("none")]],
    ["by localhost", [["Host", "localhost:4317"], ORIGIN, site("same-origin")]],
    ["by the other listener's address", [["Host", "100.71.210.78:4317"], ORIGIN, site("same-origin")]],
    ["with header names in another case", [HOST, ["origin", ENROLLED], ["SEC-FETCH-SITE", "same-origin"]]],
  ])("passes %s, without a credential", (_name, headers) => {
    expect(check({ headers })).toEqual({ said: "pass bridge", asked: [ENROLLED] });
  });

  it("is asked about at every request", () => {
    let isOpen = true;
    const headers = [HOST, ["Origin", STRANGER] as const];
    const admits = (): boolean => isOpen;
    expect(check({ headers, admits }).said).toBe("pass bridge");
    isOpen = false;
    expect(check({ headers, admits }).said).toBe("forbidden_origin");
  });

  it("may ask for nothing else with its Origin", () => {
    for (const path of [
      "/v1/control",
      "/v1/firefox/clients",
      "/ws/firefox/",
      "/ws/firefox/x",
      "/ws/",
      "//ws/firefox",
    ]) {
      expect([path, check({ headers: [HOST, ORIGIN, BEARER], path })]).toEqual([
        path,
        { said: "forbidden_origin", asked: [] },
      ]);
    }
    for (const method of ["POST", "HEAD", "DELETE", "OPTIONS"]) {
      expect(check({ headers: [HOST, ORIGIN, BEARER], method }).said).toBe("forbidden_origin");
    }
  });
});

describe("refused is whoever", () => {
  it.each<[string, readonly Header[]]>([
    ["is another extension", [["Origin", STRANGER]]],
    ["has no Origin", []],
    ["has no Origin, but a token", [BEARER]],
    ["has an empty Origin", [["Origin", ""]]],
    ["has the Origin null", [["Origin", "null"]]],
    ["is a page", [["Origin", "http://evil.example"]]],
    ["is a page of this very origin", [["Origin", "http://127.0.0.1:4317"]]],
    ["is a file", [["Origin", "file://"]]],
    ["is an extension of Chromium", [["Origin", "chrome-extension://abcdefghijklmnopabcdefghijklmnop"]]],
    ["writes the Origin in upper case", [["Origin", ENROLLED.toUpperCase()]]],
    ["writes the UUID in upper case", [["Origin", `moz-extension://${ENROLLED.slice(16).toUpperCase()}`]]],
    ["adds a slash", [["Origin", `${ENROLLED}/`]]],
    ["adds a path", [["Origin", `${ENROLLED}/popup.html`]]],
    ["adds a name", [["Origin", `${ENROLLED}.evil.example`]]],
    ["adds a port", [["Origin", `${ENROLLED}:80`]]],
    ["adds a space", [["Origin", ` ${ENROLLED}`]]],
    ["adds a line", [["Origin", `${ENROLLED}\n`]]],
    ["leaves a digit out", [["Origin", ENROLLED.slice(0, -1)]]],
    ["has an extension's id instead of its UUID", [["Origin", "moz-extension://conductor@baa-conductor"]]],
    ["names it as a page's user", [["Origin", `http://${ENROLLED.slice(16)}@evil.example`]]],
    ["has two Origins", [ORIGIN, ORIGIN]],
    ["has two Origins, the good one first", [ORIGIN, ["Origin", "http://evil.example"]]],
    ["has two Origins, the good one last", [["origin", "http://evil.example"], ORIGIN]],
    ["has a list of Origins", [["Origin", `${ENROLLED}, http://evil.example`]]],
    ["has a Referer", [ORIGIN, ["Referer", "http://evil.example/"]]],
    ["has a Referer of its own", [ORIGIN, ["Referer", `${ENROLLED}/popup.html`]]],
    ["has an empty Referer", [ORIGIN, ["Referer", ""]]],
    ["comes cross-site", [ORIGIN, site("cross-site")]],
    ["comes from a neighbour", [ORIGIN, site("same-site")]],
    ["says nothing in Sec-Fetch-Site", [ORIGIN, site("")]],
    ["writes Sec-Fetch-Site in upper case", [ORIGIN, site("Same-Origin")]],
    ["says two sites", [ORIGIN, site("same-origin"), site("cross-site")]],
    ["says one site twice", [ORIGIN, site("same-origin"), site("same-origin")]],
  ])("%s", (_name, headers) => {
    expect(check({ headers: [HOST, ...headers] }).said).toBe("forbidden_origin");
  });

  it("is not one of Firefox's extensions is not even asked about while everybody is admitted", () => {
    for (const origin of [
      "null",
      "",
      "http://evil.example",
      `${ENROLLED}/`,
      ENROLLED.toUpperCase(),
      "moz-extension://x",
    ]) {
      const { said, asked } = check({ headers: [HOST, ["Origin", origin]], admits: () => true });
      expect([origin, said, asked]).toEqual([origin, "forbidden_origin", []]);
    }
  });

  it("comes through the public host, whatever else is right", () => {
    for (const host of [PUBLIC_NAME, `${PUBLIC_NAME}:4317`]) {
      const headers: Header[] = [["Host", host], ORIGIN, site("same-origin"), BEARER];
      expect(check({ headers, admits: () => true })).toEqual({ said: "forbidden_origin", asked: [] });
    }
  });

  it("comes by a name that is not served, before anybody is asked", () => {
    for (const host of ["evil.example:4317", "127.0.0.1:4318", "localhost", "[::1]:4317"]) {
      expect(check({ headers: [["Host", host], ORIGIN] })).toEqual({ said: "host_not_allowed", asked: [] });
    }
    expect(check({ headers: [ORIGIN] }).said).toBe("bad_host");
    expect(check({ headers: [HOST, HOST, ORIGIN] }).said).toBe("bad_host");
  });

  it("comes while nobody can say who is admitted", () => {
    const admits = (): boolean => {
      throw new Error("the store is damaged");
    };
    expect(check({ headers: [HOST, ORIGIN], admits }).said).toBe("bad_request");
  });
});

it("a guard that is told of no extensions lets none in", () => {
  const guard = createGuard({
    listeners: () => [{ host: "127.0.0.1", port: 4317 }],
    credentials: [],
    surfaces: socketSurfaces([PATH]),
    routes: {},
    clock: { monoMs: () => 0 },
  });
  const rawHeaders = [HOST, ORIGIN].flat();
  const request = { method: "GET", target: PATH, httpVersion: "1.1", rawHeaders, remoteAddress: undefined };
  expect(guard.check(request)).toEqual({ ok: false, code: "forbidden_origin" });
});

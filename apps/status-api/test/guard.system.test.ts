import crypto from "node:crypto";
import { Codexd, Conductor, exchange, plainRequest, StatusApi } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { guardControls, guardMatrix, type GuardTarget } from "../../../packages/http/test/guard-matrix.ts";
import { rawBytes } from "../../../packages/http/test/raw-request.ts";

const READER = "reader-token-0123456789abcdef0123456789";
const DRIVER = "driver-token-0123456789abcdef0123456789";
const SESSION = "ses_0123456789abcdef0123456789abcdef";
const isLinux = process.platform === "linux";
/** The second address; on other systems only 127.0.0.1 is ours. */
const HOST = isLinux ? "127.0.0.2" : "127.0.0.1";

/** Its codexd never runs: nothing of this needs one. */
let codexd: Codexd;
let conductor: Conductor;
let statusApi: StatusApi;

beforeAll(async () => {
  codexd = new Codexd({ child: { command: "true" } });
  conductor = new Conductor({ codexd });
  const digest = (token: string): string => crypto.createHash("sha256").update(token).digest("hex");
  conductor.writeTokens([
    { id: "tok_reader", digest: digest(READER), scopes: ["read"] },
    { id: "tok_driver", digest: digest(DRIVER), scopes: ["drive"] },
  ]);
  await conductor.start();
  statusApi = new StatusApi({ conductor, host: HOST, env: { BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: "mini.example" } });
  await statusApi.start();
});
afterAll(async () => {
  await statusApi.dispose();
  await conductor.dispose();
  await codexd.dispose();
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => void process.stderr.write(`--- output ---\n${statusApi.output().slice(-20_000)}\n---\n`));
});

const targets = (): GuardTarget[] => [
  { method: "GET", path: "/v1/status", isForOwnPage: true },
  { method: "GET", path: "/v1/sessions", isForOwnPage: true },
  { method: "GET", path: `/v1/sessions/${SESSION}/turns`, isForOwnPage: true },
  { method: "GET", path: "/v1/events", isForOwnPage: true },
  { method: "GET", path: "/v1/events", isUpgrade: true, isForOwnPage: true },
  { method: "POST", path: "/v1/status", body: "{}" },
  { method: "POST", path: "/v1/sessions", body: "{}" },
  { method: "DELETE", path: `/v1/sessions/${SESSION}` },
  { method: "GET", path: "/metrics" },
  { method: "GET", path: "/openapi.json" },
  { method: "GET", path: "/healthz", isOpen: true },
  { method: "GET", path: "/readyz", isOpen: true },
  { method: "GET", path: "/", isOpen: true },
];

/** Wrong credentials are counted by address; on Linux all of 127/8 is ours to come from. */
const from = (index: number) => (isLinux ? { from: `127.3.${Math.floor(index / 250)}.${(index % 250) + 1}` } : {});

describe.each([
  ["loopback", "127.0.0.1", () => true],
  ["the second address", HOST, ({ path }: GuardTarget) => ["/v1/status", "/v1/events", "/"].includes(path)],
])("by %s", (_name, host, isTried) => {
  test("every attack of the matrix is refused with its status, and conductor is not even asked", async () => {
    const tried = targets().filter(isTried);
    const cases = guardMatrix({ port: statusApi.port, token: statusApi.token(), targets: tried });
    expect(cases.length).toBeGreaterThanOrEqual(tried.length * 30);
    const queue = [...cases.entries()];
    const wrong: string[] = [];
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const [index, c] = next;
        const reply = await exchange({
          host,
          port: statusApi.port,
          chunks: [rawBytes(c)],
          ...(c.guesses ? from(index) : {}),
        });
        const isRefused = c.expect.includes(reply.status) || (!isLinux && c.guesses && reply.status === 429);
        if (!isRefused || /access-control/i.test(reply.head)) wrong.push(`${c.id}: ${reply.status}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(wrong).toEqual([]);
    expect((await statusApi.request("/healthz")).status).toBe(200);
  });

  test("what is in order passes, our own page's requests among it", async () => {
    const safe = targets().filter(
      ({ method, isUpgrade, path }) => method === "GET" && isUpgrade !== true && !/sessions|events/.test(path),
    );
    const cases = guardControls({ port: statusApi.port, token: statusApi.token(), targets: safe });
    expect(cases.some(({ id }) => id.startsWith("control own page"))).toBe(true);
    for (const c of cases) {
      const reply = await exchange({ host, port: statusApi.port, chunks: [rawBytes(c)] });
      const expected = c.target === "/readyz" ? [200, 503] : [200];
      expect([c.id, expected.includes(reply.status)]).toEqual([c.id, true]);
    }
  });
});

test("a token reads when it may read, and no token does more here", async () => {
  const ask = async (method: string, at: string, token: string, headers: Record<string, string> = {}) =>
    (await plainRequest({ method, url: `${statusApi.url}${at}`, token, headers })).status;
  expect(await ask("GET", "/v1/status", READER)).toBe(200);
  expect(await ask("GET", "/v1/status", DRIVER)).toBe(403);
  expect(await ask("POST", "/v1/status", statusApi.token())).toBe(405);
  expect(await ask("DELETE", `/v1/sessions/${SESSION}`, statusApi.token())).toBe(405);
  expect(await ask("GET", "/v1/status", READER, { host: `mini.example:${statusApi.port}` })).toBe(200);
  expect(await ask("GET", "/v1/status", READER, { host: `other.example:${statusApi.port}` })).toBe(421);
});

test("no WebSocket is served", async () => {
  const lines = [
    "GET /v1/events HTTP/1.1",
    `Host: 127.0.0.1:${statusApi.port}`,
    `Authorization: Bearer ${statusApi.token()}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  const reply = await exchange({
    port: statusApi.port,
    chunks: [`${lines.map((line) => `${line}\r\n`).join("")}\r\n`],
  });
  expect([reply.status, reply.body]).toEqual([404, expect.stringContaining("no WebSocket is served here")]);
});

test("the page's files carry the strict policy, and no data", async () => {
  const reply = await plainRequest({ url: `${statusApi.url}/` });
  expect(reply.status).toBe(200);
  expect(reply.headers).toMatchObject({
    "content-security-policy": expect.stringContaining("default-src 'none'; script-src 'self'"),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
  expect(reply.text).not.toContain(statusApi.token());
});

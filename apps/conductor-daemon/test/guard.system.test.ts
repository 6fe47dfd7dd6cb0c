import crypto from "node:crypto";
import {
  Codexd,
  codexPlay,
  Conductor,
  createFakeChild,
  exchange,
  type FakeChild,
  plainRequest,
  type TempRoot,
  tempRoot,
} from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { guardControls, guardMatrix, type GuardTarget } from "../../../packages/http/test/guard-matrix.ts";
import { rawBytes } from "../../../packages/http/test/raw-request.ts";
import { waitLink } from "./support/system.ts";

const PUBLIC_NAME = "conductor.example.net";
const PUBLIC = "public-token-0123456789abcdef0123456789";
const READER = "reader-token-0123456789abcdef0123456789";
const isLinux = process.platform === "linux";
/** The second address; on other systems only 127.0.0.1 is ours. */
const HOST = isLinux ? "127.0.0.2" : "127.0.0.1";

let codexd: Codexd;
let conductor: Conductor;
let child: FakeChild;
let scratch: TempRoot;
let sessionId = "";

beforeAll(async () => {
  scratch = tempRoot();
  child = createFakeChild({ dir: scratch.path, plays: [codexPlay()] });
  codexd = new Codexd({ child, env: { BAA_CODEXD_PROBE_INTERVAL_MS: "3600000" } });
  await codexd.start();
  conductor = new Conductor({ codexd, host: HOST, env: { BAA_CONDUCTOR_PUBLIC_HOST: PUBLIC_NAME } });
  const digest = (token: string): string => crypto.createHash("sha256").update(token).digest("hex");
  conductor.writeTokens([
    { id: "tok_public", digest: digest(PUBLIC), scopes: ["read", "drive"], public: true },
    { id: "tok_reader", digest: digest(READER), scopes: ["read"] },
  ]);
  await conductor.start();
  await waitLink(conductor, "up");
  const created = await conductor.request("POST", "/v1/codex/sessions", {});
  sessionId = (created.json as { session: { id: string } }).session.id;
});
afterAll(async () => {
  await conductor.dispose();
  await codexd.dispose();
  scratch.remove();
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(
    () => void process.stderr.write(`--- output of conductor ---\n${conductor.output().slice(-20_000)}\n---\n`),
  );
});

/** Every kind of surface that conductor has: its own rows, codexd's, streams, open ones. */
const targets = (): GuardTarget[] => [
  { method: "GET", path: "/v1/control" },
  { method: "POST", path: "/v1/control/drain", body: "{}" },
  { method: "GET", path: "/v1/events", isUpgrade: true },
  { method: "GET", path: "/v1/codex/sessions" },
  { method: "POST", path: "/v1/codex/turn", body: JSON.stringify({ sessionId, input: "attack" }) },
  { method: "DELETE", path: `/v1/codex/sessions/${sessionId}` },
  { method: "GET", path: "/v1/codex/events", isUpgrade: true },
  { method: "GET", path: "/ws/firefox", isUpgrade: true, isForExtensions: true },
  { method: "GET", path: "/healthz", isOpen: true },
  { method: "GET", path: "/v1/runtime", isOpen: true },
];

/** Wrong credentials are counted by address; on Linux all of 127/8 is ours to come from. */
const from = (index: number) => (isLinux ? { from: `127.2.${Math.floor(index / 250)}.${(index % 250) + 1}` } : {});

/** Everything that an attack could have changed. */
async function fingerprint(): Promise<unknown> {
  const [events, sessions, control, own] = await Promise.all([
    codexd.request("GET", "/v1/codexd/events?after=0&limit=5000"),
    codexd.request("GET", "/v1/codexd/sessions"),
    conductor.request("GET", "/v1/control"),
    conductor.request("GET", "/v1/events?after=0&limit=5000"),
  ]);
  return {
    stdinBytes: child.stdin().length,
    codexd: [events.text, sessions.text],
    conductor: [control.text, own.text],
    pids: [codexd.pid, conductor.pid, conductor.isRunning],
  };
}

describe.each([
  ["loopback", "127.0.0.1"],
  ["the second address", HOST],
])("by %s", (_name, host) => {
  test("every attack of the matrix is refused with its status; nothing reaches codexd, the child, or the store", async () => {
    const cases = guardMatrix({ port: conductor.port, token: conductor.token(), targets: targets() });
    expect(cases.length).toBeGreaterThanOrEqual(420);
    const before = await fingerprint();
    const queue = [...cases.entries()];
    const wrong: string[] = [];
    const work = async (): Promise<void> => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const [index, c] = next;
        const reply = await exchange({
          host,
          port: conductor.port,
          chunks: [rawBytes(c)],
          ...(c.guesses ? from(index) : {}),
        });
        const isRefused = c.expect.includes(reply.status) || (!isLinux && c.guesses && reply.status === 429);
        if (!isRefused || /access-control/i.test(reply.head)) wrong.push(`${c.id}: ${reply.status}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(wrong).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  });

  test("what is in order passes", async () => {
    const safe = targets().filter(({ method, isUpgrade }) => method === "GET" && isUpgrade !== true);
    const cases = guardControls({ port: conductor.port, token: conductor.token(), targets: safe });
    expect(cases.length).toBeGreaterThanOrEqual(15);
    for (const c of cases) {
      const reply = await exchange({ host, port: conductor.port, chunks: [rawBytes(c)] });
      expect([c.id, reply.status]).toEqual([c.id, 200]);
    }
  });
});

describe("tokens", () => {
  const ask = async (method: string, at: string, token: string, headers: Record<string, string> = {}) => {
    const body = method === "POST" ? "{}" : undefined;
    const reply = await plainRequest({ method, url: `${conductor.url}${at}`, token, headers, ...(body && { body }) });
    return reply.status;
  };

  test("a token does what its scopes say, on our own routes and on codexd's", async () => {
    expect(await ask("GET", "/v1/control", READER)).toBe(200);
    expect(await ask("GET", "/v1/codex/sessions", READER)).toBe(200);
    expect(await ask("POST", "/v1/codex/sessions", READER)).toBe(403);
    expect(await ask("POST", "/v1/control/pause", READER)).toBe(403);
    expect(await ask("GET", "/v1/codex/status", READER)).toBe(200);
  });

  test("codexd's own token is none here", async () => {
    expect(await ask("GET", "/v1/codex/sessions", codexd.token())).toBe(401);
  });

  test("through the public name only its own token counts, whatever a proxy claims", async () => {
    const host = { host: PUBLIC_NAME };
    expect(await ask("GET", "/v1/codex/sessions", PUBLIC, host)).toBe(200);
    expect(await ask("POST", "/v1/codex/sessions", PUBLIC, host)).toBe(201);
    expect(await ask("GET", "/v1/codex/sessions", conductor.token(), host)).toBe(401);
    expect(await ask("POST", "/v1/control/drain", PUBLIC, host)).toBe(403);
    expect(await ask("GET", "/v1/codex/sessions", PUBLIC)).toBe(401);
    const claims = { "x-forwarded-host": PUBLIC_NAME, forwarded: `host=${PUBLIC_NAME}` };
    expect(await ask("GET", "/v1/codex/sessions", PUBLIC, claims)).toBe(401);
    const reversed = { ...host, "x-forwarded-host": `127.0.0.1:${conductor.port}`, "x-forwarded-for": "127.0.0.1" };
    expect(await ask("GET", "/v1/codex/sessions", conductor.token(), reversed)).toBe(401);
  });

  test("without one the runtime shows name, ready, role and mode; with one no secret either", async () => {
    const open = await plainRequest({ url: `${conductor.url}/v1/runtime` });
    expect(Object.keys(open.json as object).toSorted()).toEqual(["mode", "name", "ready", "role"]);
    const full = await conductor.request("GET", "/v1/runtime");
    for (const secret of [conductor.token(), codexd.token(), PUBLIC]) {
      expect(full.text).not.toContain(secret);
      expect(conductor.output()).not.toContain(secret);
    }
  });
});

test.each([
  ["a path that climbs out", "/v1/codex/../codexd/sessions"],
  ["an encoded one", "/v1/codex/%2e%2e/codexd/sessions"],
  ["an id with a slash in it", "/v1/codex/sessions/ses_x%2f..%2fapprovals"],
  ["an id of dots", "/v1/codex/sessions/.."],
  ["a NUL", "/v1/codex/sessions/%00"],
  ["codexd's own prefix", "/v1/codexd/sessions"],
  ["a doubled slash", "/v1/codex//sessions"],
])("%s does not reach codexd", async (_name, at) => {
  const head = [
    `GET ${at} HTTP/1.1`,
    `Host: 127.0.0.1:${conductor.port}`,
    `Authorization: Bearer ${conductor.token()}`,
  ];
  const reply = await exchange({
    port: conductor.port,
    chunks: [`${[...head, "Connection: close"].map((line) => `${line}\r\n`).join("")}\r\n`],
  });
  expect([404, 422, 400]).toContain(reply.status);
  expect(reply.body).not.toContain('"sessions"');
});

describe("the bridge to Firefox", () => {
  const ORIGIN = "moz-extension://0a6a9e4c-3f0f-4e8e-9d3c-0123456789ab";

  /** The first frame, or the status that came instead of a socket. */
  const dial = (o: { headers?: Record<string, string>; at?: string } = {}): Promise<unknown> => {
    const url = `ws://${o.at ?? "127.0.0.1"}:${conductor.port}/ws/firefox`;
    const ws = new WebSocket(url, "conductor.firefox.v1", { origin: ORIGIN, headers: o.headers ?? {} });
    return new Promise((resolve, reject) => {
      ws.once("message", (data: Buffer) => resolve((JSON.parse(data.toString()) as { t: string }).t));
      ws.once("unexpected-response", (_request, response) => resolve(response.statusCode));
      ws.once("error", reject);
    }).finally(() => ws.terminate());
  };

  test("is open to an extension while a pairing is, at both addresses, and never by the public name", async () => {
    expect(await dial()).toBe(403);
    const { json } = await conductor.request("POST", "/v1/firefox/pairings", {});
    const { id } = (json as { pairing: { id: string } }).pairing;
    expect([await dial(), await dial({ at: HOST })]).toEqual(["challenge", "challenge"]);
    expect(await dial({ headers: { host: PUBLIC_NAME } })).toBe(403);
    expect(await dial({ headers: { host: "evil.example" } })).toBe(421);
    await conductor.request("DELETE", `/v1/firefox/pairings/${id}`);
    expect(await dial()).toBe(403);
  });
});

test("a stop with a stream of codexd open ends it with 1001, and the daemon with 0", async () => {
  const ws = new WebSocket(`ws://127.0.0.1:${conductor.port}/v1/codex/events`, {
    headers: { authorization: `Bearer ${conductor.token()}` },
  });
  await new Promise((resolve) => ws.on("message", resolve));
  const code = new Promise((resolve) => ws.on("close", resolve));
  expect((await conductor.stop()).code).toBe(0);
  expect(await code).toBe(1001);
});

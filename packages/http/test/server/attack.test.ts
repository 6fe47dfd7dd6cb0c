import net from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { GuardCase, GuardTarget } from "../guard-matrix.ts";
import { guardControls, guardMatrix, UPGRADE_HEADERS } from "../guard-matrix.ts";
import { rawBytes, sendRaw } from "../raw-request.ts";
import type { TestServer } from "../test-server.ts";
import { LOOPBACK, testServer, TOKEN } from "../test-server.ts";

const ID = "0123456789abcdef0123456789abcdef";
const TARGETS: GuardTarget[] = [
  { method: "GET", path: "/healthz", isOpen: true },
  { method: "GET", path: "/v1/codexd/status", isOpen: true },
  { method: "GET", path: "/v1/codexd/sessions" },
  { method: "POST", path: "/v1/codexd/sessions", body: "{}" },
  { method: "POST", path: "/v1/codexd/turn", body: `{"sessionId":"ses_${ID}","input":"hi"}` },
  { method: "DELETE", path: `/v1/codexd/sessions/ses_${ID}` },
  { method: "GET", path: "/v1/codexd/events" },
  { method: "GET", path: "/v1/codexd/events", isUpgrade: true },
  { method: "GET", path: "/feed", isUpgrade: true },
  { method: "GET", path: "/v1/codexd/nothing", isUpgrade: true },
];

let t: TestServer;
let port: number;
beforeAll(async () => {
  t = testServer({ webSocketPaths: { "/feed": "events" } });
  await t.server.start(LOOPBACK);
  port = t.server.address().port;
});
afterAll(() => t.server.stop());

/** Sends the cases over sockets, sixteen at a time. */
async function sendAll(
  cases: readonly GuardCase[],
): Promise<{ c: GuardCase; status: number; head: string; body: string }[]> {
  const queue = cases.entries();
  const results: { c: GuardCase; status: number; head: string; body: string }[] = [];
  const work = async (): Promise<void> => {
    for (const [, c] of queue) results.push({ c, ...(await sendRaw(port, rawBytes(c))) });
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return results;
}

describe("over real sockets", () => {
  it("every attack is refused with a stated status, never with a CORS header, and reaches no handler", async () => {
    const cases = guardMatrix({ port, token: TOKEN, targets: TARGETS });
    const results = await sendAll(cases);
    const isRefused = (c: GuardCase, status: number) => c.expect.includes(status) || (c.guesses && status === 429);
    expect(cases.length).toBeGreaterThanOrEqual(420);
    expect(
      results.filter(({ c, status }) => !isRefused(c, status)).map(({ c, status }) => `${c.id}: ${status}`),
    ).toEqual([]);
    expect(results.filter(({ head }) => /access-control/i.test(head)).map(({ c }) => c.id)).toEqual([]);
    expect(results.filter(({ body }) => body.includes(TOKEN)).map(({ c }) => c.id)).toEqual([]);
    expect(t.calls).toEqual([]);
    expect(t.rejects.filter((reject) => reject.error !== undefined)).toEqual([]);
    expect(t.server.feedStats().open).toBe(0);
    expect(t.lines.filter((line) => line.level === "warn")).toHaveLength(1);
    expect(t.lines.filter((line) => line.level === "info" || line.level === "error")).toEqual([]);
  });

  it("controls reach their handler, though this address is limited now", async () => {
    const targets = TARGETS.filter((target) => target.path !== "/v1/codexd/nothing");
    const results = await sendAll(guardControls({ port, token: TOKEN, targets }));
    const wrong = results.filter(
      ({ c, status }) => !(c.headers.includes(UPGRADE_HEADERS[0] as never) ? [101] : [200, 201, 202]).includes(status),
    );
    expect(wrong.map(({ c, status }) => `${c.id}: ${status}`)).toEqual([]);
    expect(t.calls.length).toBeGreaterThan(20);
  });

  it("an upgrade to a path without WebSocket is 404 with a credential and 401 without", async () => {
    const headers = [["Host", `127.0.0.1:${port}`], ...UPGRADE_HEADERS] as const;
    const at = (target: string, more: readonly (readonly [string, string])[]) =>
      sendRaw(
        port,
        rawBytes({ method: "GET", target, httpVersion: "1.1", headers: [...headers, ...more], body: undefined }),
      );
    const token = [["Authorization", `Bearer ${TOKEN}`]] as const;
    expect((await at("/nothing", token)).status).toBe(404);
    expect((await at("/v1/codexd/sessions", token)).status).toBe(404);
    expect((await at("/v1/codexd/sessions", [])).status).toBe(401);
    expect((await at("/healthz", [])).status).toBe(404);
    expect((await at("/v1/codexd/events?after=x", token)).status).toBe(400);
    expect((await at("/v1/codexd/events?limit=x", token)).status).toBe(422);
    expect((await at("/v1/codexd/events?unknown=1", token)).status).toBe(422);
    expect((await at("/feed?after=0", token)).status).toBe(101);
  });

  it("a path for WebSockets alone is nothing on plain HTTP", async () => {
    const headers = [
      ["Host", `127.0.0.1:${port}`],
      ["Authorization", `Bearer ${TOKEN}`],
    ] as const;
    const reply = await sendRaw(
      port,
      rawBytes({ method: "GET", target: "/feed", httpVersion: "1.1", headers, body: undefined }),
    );
    expect(reply.status).toBe(404);
  });

  it("a refused upgrade carries a problem and the reply headers", async () => {
    const headers = [["Host", `127.0.0.1:${port}`], ...UPGRADE_HEADERS] as const;
    const reply = await sendRaw(
      port,
      rawBytes({ method: "GET", target: "/v1/codexd/events", httpVersion: "1.1", headers, body: undefined }),
    );
    expect(reply.head).toContain("content-type: application/problem+json");
    expect(reply.head).toContain("x-content-type-options: nosniff");
    expect(JSON.parse(reply.body)).toMatchObject({
      code: "unauthorized",
      status: 401,
      type: "urn:baa:problem:unauthorized",
    });
  });
});

it.each([
  ["too large, with its length", 413, "", `Content-Length: ${8 * 1024 * 1024 + 1}`],
  ["from a page", 403, "Origin: http://127.0.0.1\r\n", "Content-Length: 900000"],
])(
  "a caller that reads nothing before its whole body is sent still learns why: %s",
  async (_, status, header, length) => {
    const bytes = Number(length.split(" ")[1]);
    const credential = `Authorization: Bearer ${TOKEN}\r\n${header}`;
    const head = `Host: 127.0.0.1:${port}\r\n${credential}Content-Type: application/json\r\nConnection: close\r\n${length}`;
    const socket = net.connect(port, "127.0.0.1").pause();
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.write(`POST /v1/codexd/turn HTTP/1.1\r\n${head}\r\n\r\n`);
      socket.write(Buffer.alloc(bytes, 0x20), () => resolve());
    });
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  },
);

it("a client that leaves in the middle of its body is no error of ours", async () => {
  const { length } = t.lines;
  const head = `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;
  const socket = net.connect(port, "127.0.0.1");
  socket.write(`POST /v1/codexd/sessions HTTP/1.1\r\n${head}Content-Length: 100\r\n\r\n{`, () => socket.destroy());
  const line = await vi.waitFor(() => {
    const found = t.lines.slice(length).find((one) => one["event"] === "http.problem");
    expect(found).toBeDefined();
    return found;
  });
  expect(line).toMatchObject({ level: "debug", code: "bad_request" });
});

describe("what Node itself refuses", () => {
  const host = (): string =>
    `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;
  const cases: readonly [string, () => string, number][] = [
    [
      "Content-Length with Transfer-Encoding",
      () =>
        `POST /v1/codexd/sessions HTTP/1.1\r\n${host()}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      "two different Content-Lengths",
      () => `POST /v1/codexd/sessions HTTP/1.1\r\n${host()}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      400,
    ],
    ["a bare line feed", () => `GET /healthz HTTP/1.1\n${host()}\n\n`, 400],
    ["a NUL in a header", () => `GET /healthz HTTP/1.1\r\n${host()}X: a\0b\r\n\r\n`, 400],
    ["a space in the target", () => `GET /health z HTTP/1.1\r\n${host()}\r\n`, 400],
    ["17 KiB of headers", () => `GET /healthz HTTP/1.1\r\n${host()}X: ${"a".repeat(17 * 1024)}\r\n\r\n`, 431],
    ["no protocol", () => "hello\r\n\r\n", 400],
    ["no version, which Node takes for 0.9", () => `GET /healthz\r\n${host()}\r\n`, 400],
    ["HTTP/2 preface", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["a folded header", () => `GET /healthz HTTP/1.1\r\n${host()}X: a\r\n b\r\n\r\n`, 400],
  ];
  it.each(cases)("%s", async (_name, text, expected) => {
    expect((await sendRaw(port, text())).status).toBe(expected);
  });

  it("a Host hidden behind 2,500 headers is seen", async () => {
    const filler = "a:\r\n".repeat(2_500);
    const reply = await sendRaw(
      port,
      `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${filler}Host: evil.example\r\nConnection: close\r\n\r\n`,
    );
    expect(reply.status).toBe(400);
  });
});

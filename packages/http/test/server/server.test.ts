import { CODEXD_ROUTES } from "@baa/contracts";
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import type { Handlers, RouteContext } from "../../src/index.ts";
import { CODEXD_SURFACES, ProblemError, RouteTableError } from "../../src/index.ts";
import type { TestServer } from "../test-server.ts";
import { AUTHORIZED, LOOPBACK, READ_TOKEN, testServer } from "../test-server.ts";

const ID = "0123456789abcdef0123456789abcdef";
const SESSION = `ses_${ID}`;
const TURN = `turn_${ID}`;

const running: TestServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((t) => t.server.stop()));
});

async function started(o: Parameters<typeof testServer>[0] = {}) {
  const t = testServer(o);
  running.push(t);
  await t.server.start(LOOPBACK);
  const { url, port } = t.server.address();
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { ...AUTHORIZED, ...(init.headers as Record<string, string> | undefined) },
    });
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    call(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  return { ...t, url, port, call, post };
}

describe("the table", () => {
  it("types each handler by its row", () => {
    type All = Handlers<typeof CODEXD_ROUTES>;
    expectTypeOf<Parameters<All["readTurn"]>[0]>().toEqualTypeOf<
      RouteContext<{ sessionId: string; turnId: string }, { waitMs: number }, undefined>
    >();
    expectTypeOf<Parameters<All["startTurn"]>[0]["body"]["ifBusy"]>().toEqualTypeOf<"reject" | "steer" | "queue">();
    expectTypeOf<keyof All>().extract<"turn" | "events">().toBeNever();
  });

  it("a handler that is missing or one too many, and open rows the guard does not know, are named at start", () => {
    const base = testServer();
    expect(base.server).toBeDefined();
    const make = (o: object) => () => testServer(o as never);
    expect(make({ handlers: {} })).toThrow(RouteTableError);
    expect(make({ handlers: {} })).toThrow("healthz has no handler");
    expect(make({ feeds: {} })).toThrow("events has no feed");
    expect(make({ feeds: { events: {}, more: {} } })).toThrow("feed more has no row");
    expect(make({ guard: { credentials: [], surfaces: CODEXD_SURFACES.slice(1) } })).toThrow(
      "GET /healthz is open in the table, not in the guard",
    );
    const extra = { methods: ["GET"], path: "/v1/codexd/sessions", browserCheck: "skip", credential: "none" };
    expect(make({ guard: { credentials: [], surfaces: [...CODEXD_SURFACES, extra] } })).toThrow(
      "GET /v1/codexd/sessions is open in the guard, not in the table",
    );
    expect(make({ webSocketPaths: { "/x": "healthz" } })).toThrow("healthz is no stream row");
  });

  it("serves every row", async () => {
    const { call, post, calls } = await started();
    const bodies: Record<string, string> = {
      turn: `{"sessionId":"${SESSION}","input":"hi"}`,
      startTurn: '{"input":"hi"}',
      steerTurn: '{"input":"hi"}',
      decideApproval: '{"decision":"decline"}',
      nameSession: '{"title":"a name"}',
      uploadFile: '{"name":"a.txt","data":"aGk="}',
      createRun: '{"input":"hi"}',
      login: '{"type":"chatgpt"}',
    };
    for (const [name, row] of Object.entries(CODEXD_ROUTES)) {
      const path = row.path
        .replace("{sessionId}", SESSION)
        .replace("{turnId}", TURN)
        .replace("{codexRunId}", `crun_${ID}`)
        .replace("{approvalId}", `apr_${ID}`);
      const reply =
        row.method === "POST" ? await post(path, bodies[name] ?? "{}") : await call(path, { method: row.method });
      expect([name, reply.status]).toEqual([name, row.reply.status]);
    }
    expect(calls).toHaveLength(Object.keys(CODEXD_ROUTES).length - 2);
  });

  it("HEAD is served for every GET", async () => {
    const { call } = await started();
    const reply = await call("/v1/codexd/sessions", { method: "HEAD" });
    expect([reply.status, await reply.text(), reply.headers.get("content-length")]).toEqual([200, "", "22"]);
    expect((await call("/v1/codexd/events", { method: "HEAD", headers: { accept: "text/event-stream" } })).status).toBe(
      200,
    );
  });

  it("an alias reaches the handler of its row with the same words", async () => {
    const seen: RouteContext[] = [];
    const { post } = await started({ handle: { startTurn: (c) => (seen.push(c), { body: {} }) } });
    const key = { "idempotency-key": "k-1" };
    await post("/v1/codexd/turn", `{"sessionId":"${SESSION}","input":"hi"}`, key);
    await post(`/v1/codexd/sessions/${SESSION}/turns`, '{"input":"hi"}', key);
    const words = seen.map(({ params, body, canonicalPath, idempotencyKey, credential }) => ({
      params,
      body,
      canonicalPath,
      idempotencyKey,
      id: credential?.id,
    }));
    expect(words[0]).toEqual({
      params: { sessionId: SESSION },
      body: { input: "hi", ifBusy: "reject" },
      canonicalPath: `/v1/codexd/sessions/${SESSION}/turns`,
      idempotencyKey: "k-1",
      id: "local",
    });
    expect(words[1]).toEqual(words[0]);
  });
});

describe("replies", () => {
  it("health documents are for people and text probes", async () => {
    const { url } = await started();
    const reply = await fetch(`${url}/healthz`);
    expect(await reply.text()).toBe('{\n  "status": "ok"\n}\n');
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
      "content-type": "application/json; charset=utf-8",
    });
  });

  it("a handler chooses status and headers; text rows are text", async () => {
    const { url, call } = await started({
      handle: {
        readyz: () => ({ status: 503, body: { status: "notReady", reasons: [] }, headers: { "retry-after": "1" } }),
        metrics: () => ({ body: "up 1\n" }),
      },
    });
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, ready.headers.get("retry-after"), await ready.json()]).toEqual([
      503,
      "1",
      { status: "notReady", reasons: [] },
    ]);
    const metrics = await call("/v1/codexd/metrics");
    expect([metrics.headers.get("content-type"), await metrics.text()]).toEqual([
      "text/plain; charset=utf-8",
      "up 1\n",
    ]);
  });

  it("a status handler knows whether a credential was given", async () => {
    const { url, call } = await started({
      handle: { status: (c) => ({ body: { who: c.credential?.id ?? "nobody" } }) },
    });
    expect(await (await fetch(`${url}/v1/codexd/status`)).json()).toEqual({ who: "nobody" });
    expect(await (await call("/v1/codexd/status")).json()).toEqual({ who: "local" });
  });

  it("a reply that does not fit its row is 500 when checked", async () => {
    const { call, lines } = await started({
      checkReplies: true,
      handle: { listSessions: () => ({ body: { sessions: 1 } }) },
    });
    expect((await call("/v1/codexd/sessions")).status).toBe(500);
    expect(lines.filter((line) => line.level === "error")).toHaveLength(1);
  });
});

describe("problems", () => {
  it("have a stable code, what to do next, and the id of the request", async () => {
    const { call } = await started({
      handle: {
        listSessions: () => {
          throw new ProblemError("turn_active", "turn_x is running", {
            extra: { turnId: "turn_x", status: 1 },
            retryAfterS: 3,
          });
        },
      },
    });
    const reply = await call("/v1/codexd/sessions");
    expect([reply.status, reply.headers.get("content-type"), reply.headers.get("retry-after")]).toEqual([
      409,
      "application/problem+json; charset=utf-8",
      "3",
    ]);
    expect(await reply.json()).toEqual({
      type: "urn:baa:problem:turn_active",
      title: "The session already has a turn in progress.",
      status: 409,
      code: "turn_active",
      detail: "turn_x is running",
      next: "Wait for it, steer it, or interrupt it.",
      requestId: reply.headers.get("x-request-id"),
      turnId: "turn_x",
    });
  });

  it("an unexpected exception says nothing of itself and is logged as ours", async () => {
    const { call, lines } = await started({
      handle: {
        listSessions: () => {
          throw new TypeError("secret /home/x");
        },
      },
    });
    const reply = await call("/v1/codexd/sessions");
    const text = await reply.text();
    expect([reply.status, text.includes("secret"), JSON.parse(text).code]).toEqual([500, false, "internal"]);
    const logged = lines.filter((line) => line.level === "error");
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({ err: { message: "secret /home/x" } });
    expect(logged[0]?.["requestId"]).toBe(JSON.parse(text).requestId);
  });

  it("the body of a 401 is constant", async () => {
    const { url } = await started();
    const bodies = await Promise.all(
      [{}, { authorization: "Bearer x" }, { authorization: "Basic x" }].map(async (headers) => {
        const reply = await fetch(`${url}/v1/codexd/sessions`, { headers: headers as Record<string, string> });
        return `${reply.status} ${reply.headers.get("www-authenticate")} ${await reply.text()}`;
      }),
    );
    expect(new Set(bodies).size).toBe(1);
    expect(bodies[0]).toMatch(/^401 Bearer .*"code":"unauthorized"/);
  });

  it("404 and 405 are told to a credential only", async () => {
    const { url, call } = await started();
    expect((await fetch(`${url}/nothing`)).status).toBe(401);
    expect((await call("/nothing")).status).toBe(404);
    expect((await call("/%zz")).status).toBe(404);
    expect((await fetch(`${url}/%zz`)).status).toBe(401);
    expect((await call(`/v1/codexd/sessions/${"a".repeat(500)}`)).status).toBe(404);
    const wrong = await call("/v1/codexd/turn");
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    const put = await call("/v1/codexd/turn", { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, HEAD, POST, DELETE"]);
  });

  it("a path that router and guard read differently is not served", async () => {
    const { call, calls } = await started();
    expect((await call("/v1/codexd/%73essions")).status).toBe(404);
    expect((await call("/v1/codexd/%73essions", { headers: { authorization: `Bearer ${READ_TOKEN}` } })).status).toBe(
      404,
    );
    expect(calls).toEqual([]);
  });
});

describe("parsing", () => {
  it("bodies, queries and ids that do not fit are 422 with path and message", async () => {
    const { call, post } = await started();
    const errors = async (reply: Response) => [reply.status, ((await reply.json()) as { errors: unknown[] }).errors];
    expect(await errors(await post("/v1/codexd/sessions", '{"title":1,"more":true}'))).toEqual([
      422,
      [
        { path: "body.title", message: "Invalid input: expected string, received number" },
        { path: "body", message: 'Unrecognized key: "more"' },
      ],
    ]);
    expect(await errors(await call("/v1/codexd/sessions?limit=0"))).toEqual([
      422,
      [{ path: "query.limit", message: "Too small: expected number to be >=1" }],
    ]);
    expect(await errors(await call("/v1/codexd/sessions/ses_x"))).toEqual([
      422,
      [{ path: "params.sessionId", message: "must be ses_ and 32 hex digits" }],
    ]);
    expect((await call("/v1/codexd/sessions?limit=1&limit=2")).status).toBe(422);
    expect((await call("/v1/codexd/sessions?__proto__=1")).status).toBe(422);
    expect((await call("/healthz?x=1")).status).toBe(422);
  });

  it("a row without a body takes none, or an empty one", async () => {
    const { call } = await started();
    const del = (body: string) =>
      call(`/v1/codexd/sessions/${SESSION}`, {
        method: "DELETE",
        body,
        headers: { "content-type": "application/json" },
      });
    expect((await del("{}")).status).toBe(200);
    expect((await del('{"x":1}')).status).toBe(422);
    expect((await call(`/v1/codexd/sessions/${SESSION}/turns/${TURN}/interrupt`, { method: "POST" })).status).toBe(202);
  });

  it.each([
    ["not JSON", "{"],
    ["not UTF-8", "\u00ff"],
    ["__proto__", '{"__proto__":{"x":1}}'],
    ["an escaped __proto__", '{"\\u005f_proto__":1}'],
    ["constructor", '{"metadata":{"constructor":"x"}}'],
    ["prototype", '{"a":[{"prototype":1}]}'],
    ["a key twice", '{"title":"a","title":"b"}'],
    ["an escaped key twice", '{"title":"a","tit\\u006ce":"b"}'],
    ["too deep", `${"[".repeat(65)}${"]".repeat(65)}`],
    ["too many values", `[${"1,".repeat(100_001)}1]`],
    ["a number too long", `[${"1".repeat(200)}]`],
  ])("%s is 400", async (_name, body) => {
    const { url, calls } = await started();
    const reply = await fetch(`${url}/v1/codexd/sessions`, {
      method: "POST",
      body: Buffer.from(body, "latin1"),
      headers: { ...AUTHORIZED, "content-type": "application/json" },
    });
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([400, "bad_request"]);
    expect(calls).toEqual([]);
  });

  it("bodies are limited per row", async () => {
    const { post } = await started();
    const sized = (bytes: number) => JSON.stringify({ input: "a".repeat(bytes - 12) });
    expect((await post("/v1/codexd/sessions", sized(1024 * 1024))).status).toBe(422);
    expect((await post("/v1/codexd/sessions", sized(1024 * 1024 + 1))).status).toBe(413);
    const turns = `/v1/codexd/sessions/${SESSION}/turns`;
    expect((await post(turns, sized(8 * 1024 * 1024))).status).toBe(202);
    expect((await post(turns, sized(8 * 1024 * 1024 + 1))).status).toBe(413);
  });

  it("an Idempotency-Key is 1 to 128 visible ASCII characters", async () => {
    const { post } = await started();
    const withKey = async (key: string) => (await post("/v1/codexd/sessions", "{}", { "idempotency-key": key })).status;
    expect(await withKey("k".repeat(128))).toBe(201);
    expect(await withKey("k".repeat(129))).toBe(400);
    expect(await withKey("a b")).toBe(400);
    expect(await withKey("\u00e9")).toBe(400);
  });
});

describe("logging", () => {
  it("a request is one debug line with its row, never its query or token", async () => {
    const seen: object[] = [];
    const { call, lines } = await started({ onServed: (served) => void seen.push(served) });
    await call("/v1/codexd/sessions?cwd=/private");
    await call("/nothing");
    const served = lines.filter((line) => line["event"] === "http.request");
    expect(served.map(({ level, method, route, status, path }) => ({ level, method, route, status, path }))).toEqual([
      { level: "debug", method: "GET", route: "listSessions", status: 200, path: "/v1/codexd/sessions" },
      { level: "debug", method: "GET", route: "unknown", status: 404, path: "/nothing" },
    ]);
    expect(seen).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain(AUTHORIZED.authorization.slice(7));
    expect(lines.every((line) => line.level === "debug")).toBe(true);
  });
});

describe("inject", () => {
  it("runs the guard as well", async () => {
    const { server, port } = await started();
    const asked = (headers: Record<string, string>) =>
      server.inject({ method: "GET", url: "/v1/codexd/sessions", headers });
    expect((await asked({ host: `127.0.0.1:${port}`, ...AUTHORIZED })).statusCode).toBe(200);
    expect((await asked({ host: "evil.example", ...AUTHORIZED })).statusCode).toBe(421);
    expect((await asked({ host: `127.0.0.1:${port}` })).statusCode).toBe(401);
  });
});

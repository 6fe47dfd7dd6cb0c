import { CODEXD_ROUTES } from "@baa/contracts";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Handlers, RouteContext } from "../../src/index.ts";
import { CODEXD_SURFACES, RouteTableError } from "../../src/index.ts";
import { started } from "../started.ts";
import { AUTHORIZED, testServer } from "../test-server.ts";

const ID = "0123456789abcdef0123456789abcdef";
const SESSION = `ses_${ID}`;
const TURN = `turn_${ID}`;

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

import { CODEXD_ROUTES } from "@baa/contracts";
import type { CodexdRouteName, RouteDef } from "@baa/contracts";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import {
  createClient,
  createConductorClient,
  createRouteClient,
  ProblemReply,
  UnexpectedReplyError,
} from "../src/index.ts";
import type { ClientOptions, CodexdClient } from "../src/index.ts";
import { SESSION_ID, sendJson, sendProblem, startService, TURN_ID, TURN_REPLY } from "./fake-service.ts";

function newClient(options: ClientOptions): CodexdClient {
  const client = createClient(options);
  onTestFinished(() => client.close());
  return client;
}

const rows = Object.entries(CODEXD_ROUTES) as [CodexdRouteName, Omit<RouteDef, "name">][];

describe("createClient, one method per row", () => {
  it("has a method for every route and sends that route's method and path", async () => {
    const service = await startService((_request, response) => sendProblem(response, 501, "not_implemented"));
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    const methods = client as unknown as Record<string, (input: unknown) => Promise<unknown>>;
    for (const [name, row] of rows) {
      const params = Object.fromEntries([...row.path.matchAll(/\{(\w+)\}/g)].map(([, key]) => [key, "x"]));
      expect(methods[name]).toBeTypeOf("function");
      await expect(methods[name]?.({ params })).rejects.toBeInstanceOf(ProblemReply);
      const sent = service.received.at(-1);
      expect(`${sent?.method} ${sent?.target}`).toBe(`${row.method} ${row.path.replaceAll(/\{\w+\}/g, "x")}`);
    }
    expect(service.received).toHaveLength(rows.length);
  });

  it("leaves no route to a name that the client needs for itself", () => {
    expect(rows.map(([name]) => name).filter((name) => ["close", "then", "catch", "finally"].includes(name))).toEqual(
      [],
    );
  });

  it("is typed by the table", () => {
    type Missing = Exclude<CodexdRouteName, keyof CodexdClient>;
    expectTypeOf<Missing>().toEqualTypeOf<never>();
    expectTypeOf<CodexdClient["healthz"]>().toBeCallableWith();
    expectTypeOf<CodexdClient["listSessions"]>().toBeCallableWith({ query: { limit: 5 } });
    expectTypeOf<CodexdClient["startTurn"]>().toBeCallableWith({
      params: { sessionId: SESSION_ID },
      body: { input: "hi" },
    });
    expectTypeOf<CodexdClient["interruptTurn"]>().toBeCallableWith({
      params: { sessionId: SESSION_ID, turnId: TURN_ID },
    });
    expectTypeOf<Awaited<ReturnType<CodexdClient["metrics"]>>>().toEqualTypeOf<string>();
    expectTypeOf<Awaited<ReturnType<CodexdClient["openapi"]>>>().toEqualTypeOf<unknown>();
    type StartReply = Awaited<ReturnType<CodexdClient["startTurn"]>>;
    expectTypeOf<StartReply["turn"]["state"]>().toEqualTypeOf<
      "accepted" | "forwarding" | "running" | "awaitingApproval" | "completed" | "failed" | "interrupted" | "lost"
    >();
    const neverCalled = (client: CodexdClient): void => {
      // @ts-expect-error the params are missing
      void client.startTurn({ body: { input: "hi" } });
      // @ts-expect-error the body does not fit
      void client.startTurn({ params: { sessionId: SESSION_ID }, body: { inptu: "hi" } });
      // @ts-expect-error a required argument is missing
      void client.createSession();
      // @ts-expect-error there is no such route
      void client.sessions();
    };
    expect(neverCalled).toBeTypeOf("function");
  });
});

describe("createClient, what is sent", () => {
  it("sends the bearer token, JSON and a key on POST, and nothing that a browser would send", async () => {
    const service = await startService((_request, response) => sendJson(response, 202, TURN_REPLY));
    const client = newClient({ baseUrl: service.baseUrl, token: " secret\n" });
    await client.startTurn({ params: { sessionId: SESSION_ID }, body: { input: "héllo" } });
    const [sent] = service.received;
    expect(sent?.target).toBe(`/v1/codexd/sessions/${SESSION_ID}/turns`);
    expect(sent?.body).toBe('{"input":"héllo"}');
    expect(sent?.headers).toMatchObject({ authorization: "Bearer secret", "content-type": "application/json" });
    expect(sent?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
    const browserHeaders = Object.keys(sent?.headers ?? {}).filter((name) => /^(origin|referer|sec-)/.test(name));
    expect(browserHeaders).toEqual([]);
  });

  it("makes a fresh key per call, takes a given one, and sends none with GET", async () => {
    const service = await startService((request, response) =>
      request.method === "GET" ? sendJson(response, 200, { status: "ok" }) : sendJson(response, 202, TURN_REPLY),
    );
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    const start = (idempotencyKey?: string) =>
      client.turn({ body: { sessionId: SESSION_ID, input: "hi" }, idempotencyKey });
    await start();
    await start();
    await start("mine");
    await client.healthz();
    const keys = service.received.map((request) => request.headers["idempotency-key"]);
    expect(keys[0]).not.toBe(keys[1]);
    expect(keys.slice(2)).toEqual(["mine", undefined]);
  });

  it("sends no body and no content type when there is none", async () => {
    const service = await startService((_request, response) => sendJson(response, 202, TURN_REPLY));
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    await client.interruptTurn({ params: { sessionId: SESSION_ID, turnId: TURN_ID } });
    expect(service.received[0]?.body).toBe("");
    expect(service.received[0]?.headers["content-type"]).toBeUndefined();
  });

  it("encodes path parameters as one segment each, and refuses those that are none", async () => {
    const service = await startService((_request, response) => sendProblem(response, 404, "session_not_found"));
    const client = newClient({ baseUrl: `${service.baseUrl}/prefix/`, token: "t" });
    await expect(client.readSession({ params: { sessionId: "a/../b?c#d é" } })).rejects.toBeInstanceOf(ProblemReply);
    expect(service.received[0]?.target).toBe("/prefix/v1/codexd/sessions/a%2F..%2Fb%3Fc%23d%20%C3%A9");
    for (const sessionId of ["", ".", ".."]) {
      await expect(client.readSession({ params: { sessionId } })).rejects.toBeInstanceOf(TypeError);
    }
    expect(service.received).toHaveLength(1);
  });

  it("writes the query, leaving out what is undefined", async () => {
    const page = { sessions: [], nextCursor: null, asOfSeq: 0 };
    const service = await startService((_request, response) => sendJson(response, 200, page));
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    await client.listSessions({ query: { limit: 5, cwd: "/a b&c", cursor: undefined } });
    await client.listSessions();
    expect(service.received.map((request) => request.target)).toEqual([
      "/v1/codexd/sessions?limit=5&cwd=%2Fa+b%26c",
      "/v1/codexd/sessions",
    ]);
  });

  it("refuses a base URL that is not a plain http address", () => {
    for (const baseUrl of ["", "127.0.0.1:4319", "ftp://h", "http://u:p@h", "http://h/?a=1", "http://h/#x"]) {
      expect(() => createClient({ baseUrl })).toThrow(TypeError);
    }
  });

  it("serves any route table", async () => {
    const service = await startService((_request, response) => sendJson(response, 200, { anything: 1 }));
    const table = {
      close2: { method: "GET", path: "/x", summary: "x", scope: "none", reply: { status: 200 } },
    } as const;
    const client = createRouteClient(table, { baseUrl: service.baseUrl });
    onTestFinished(() => client.close());
    expect(await client.close2()).toEqual({ anything: 1 });
    expect(service.received[0]?.headers.authorization).toBeUndefined();
  });
});

describe("createClient, what comes back", () => {
  it("lets fields pass that it does not know", async () => {
    const newer = { ...TURN_REPLY, added: [1], turn: { ...TURN_REPLY.turn, alsoAdded: true } };
    const service = await startService((_request, response) => sendJson(response, 202, newer));
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    expect(await client.turn({ body: { sessionId: SESSION_ID, input: "hi" } })).toEqual(newer);
  });

  it("gives text for the text row", async () => {
    const service = await startService((_request, response) => {
      response.writeHead(200, { "content-type": "text/plain" }).end("# HELP x\nx 1\n");
    });
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    expect(await client.metrics()).toBe("# HELP x\nx 1\n");
    expect(service.received[0]?.headers.accept).toBe("text/plain");
  });

  it("gives nothing for a row that answers without a body", async () => {
    const service = await startService((_request, response) => response.writeHead(204).end());
    const client = createConductorClient({ baseUrl: service.baseUrl, token: "t" });
    onTestFinished(() => client.close());
    const params = { clientId: `ffx_${"0".repeat(32)}` };
    expect(await client.revokeFirefoxClient({ params })).toBeUndefined();
    expect(service.received[0]?.method).toBe("DELETE");
    expectTypeOf<Awaited<ReturnType<typeof client.revokeFirefoxClient>>>().toEqualTypeOf<undefined>();
  });

  it("gives the readiness document although its status is 503", async () => {
    const document = { status: "notReady", reasons: [{ code: "child", message: "The child is starting." }] };
    const service = await startService((_request, response) => sendJson(response, 503, document));
    const client = newClient({ baseUrl: service.baseUrl });
    expect(await client.readyz()).toEqual(document);
  });

  it("turns a problem into a ProblemReply with all that it says", async () => {
    const service = await startService((_request, response) => {
      const problem = {
        type: "t",
        title: "Busy.",
        status: 409,
        code: "turn_active",
        detail: "It runs.",
        next: "Wait.",
        turnId: "turn_1",
        requestId: "r1",
      };
      sendJson(response, 409, problem, {
        "content-type": "application/problem+json; charset=utf-8",
        "retry-after": "2",
      });
    });
    const client = newClient({ baseUrl: service.baseUrl, token: "secret-token" });
    const error = await client
      .turn({ body: { sessionId: SESSION_ID, input: "hi" }, idempotencyKey: "k" })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProblemReply);
    expect(error).toMatchObject({
      name: "ProblemReply",
      status: 409,
      code: "turn_active",
      detail: "It runs.",
      next: "Wait.",
      retryAfterMs: 2000,
      requestId: "r1",
      idempotencyKey: "k",
      problem: { turnId: "turn_1" },
      message: `POST ${service.baseUrl}/v1/codexd/turn: 409 turn_active. Busy. It runs. Wait.`,
    });
    expect(JSON.stringify(error) + String(error)).not.toContain("secret-token");
  });

  it("lets a problem code pass that it does not know", async () => {
    const service = await startService((_request, response) => sendProblem(response, 418, "brand_new"));
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    await expect(client.listApprovals()).rejects.toMatchObject({
      status: 418,
      code: "brand_new",
      retryAfterMs: undefined,
    });
  });

  it.each([
    ["a proxy's page", 502, "text/html", "<h1>Bad gateway</h1>"],
    ["a redirect", 302, "text/plain", "elsewhere"],
    ["JSON of another service", 404, "application/json", '{"error":"nope"}'],
    ["a problem without a code", 500, "application/problem+json", '{"title":"x"}'],
    ["a success that is not JSON", 200, "text/html", "<h1>Login</h1>"],
    ["a success of another shape", 200, "application/json", '{"sessions":"none"}'],
    ["an empty success", 204, "application/json", ""],
  ])("rejects with UnexpectedReplyError for %s", async (_name, status, contentType, body) => {
    const service = await startService((_request, response) => {
      response.writeHead(status, { "content-type": contentType }).end(body);
    });
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    const call = client.listSessions();
    await expect(call).rejects.toBeInstanceOf(UnexpectedReplyError);
    await expect(call).rejects.toMatchObject({ status, call: `GET ${service.baseUrl}/v1/codexd/sessions` });
    expect(service.received).toHaveLength(1);
  });
});

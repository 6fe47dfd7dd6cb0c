import http from "node:http";
import { plainRequest } from "@baa/test-kit";
import { describe, expect, it } from "vitest";
import { CLIENT_TOKEN, type FakeCodexd, startFakeCodexd, startFront } from "../support/fake-codexd.ts";

const SESSION = "ses_0123456789abcdef0123456789abcdef";
const token = CLIENT_TOKEN;

const problem = (response: http.ServerResponse, status: number, code: string): void => {
  response.writeHead(status, { "content-type": "application/problem+json", "retry-after": "7" });
  response.end(JSON.stringify({ code, turnId: "turn_x" }));
};

describe("a call", () => {
  it("goes on byte for byte: query, body, key, and nothing a proxy said", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    codexd.answer = (_request, response) => {
      response.writeHead(202, { "content-type": "application/json", "x-codexd": "yes" });
      response.end('{"turn" : {"id":"t"}}');
    };
    const reply = await plainRequest({
      method: "POST",
      url: `${url}/v1/codex/sessions/${SESSION}/turns?a=%7Eb`,
      token,
      body: '{ "input":"x",  "later": 1.0 }',
      headers: { "idempotency-key": "key-1", "x-forwarded-for": "10.0.0.1", cookie: "a=b", forwarded: "for=me" },
    });
    expect([reply.status, reply.text, reply.headers["x-codexd"]]).toEqual([202, '{"turn" : {"id":"t"}}', "yes"]);
    const [got] = codexd.got;
    expect(got).toMatchObject({
      method: "POST",
      url: `/v1/codexd/sessions/${SESSION}/turns?a=%7Eb`,
      body: '{ "input":"x",  "later": 1.0 }',
    });
    expect(got?.headers["authorization"]).toBe("Bearer codexd-token-1");
    expect(Object.keys(got?.headers ?? {}).toSorted()).toEqual([
      "authorization",
      "connection",
      "content-length",
      "content-type",
      "host",
      "idempotency-key",
    ]);
  });

  it("passes refusals on as they are", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    codexd.answer = (_request, response) => problem(response, 409, "turn_active");
    const reply = await plainRequest({ url: `${url}/v1/codex/sessions`, token });
    expect([reply.status, reply.json, reply.headers["retry-after"]]).toEqual([
      409,
      { code: "turn_active", turnId: "turn_x" },
      "7",
    ]);
  });

  it("reads codexd's token again after a 401, and says so when that does not help", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    let valid = "codexd-token-1";
    codexd.answer = (request, response) => {
      if (request.headers.authorization === `Bearer ${valid}`) response.end('{"fine":true}');
      else problem(response, 401, "unauthorized");
    };
    const ask = async (): Promise<unknown> => {
      const { status, json } = await plainRequest({ url: `${url}/v1/codex/sessions`, token });
      return [status, (json as { code?: string }).code];
    };
    expect(await ask()).toEqual([200, undefined]);
    valid = "codexd-token-2";
    codexd.writeToken("codexd-token-2");
    expect(await ask()).toEqual([200, undefined]);
    valid = "codexd-token-3";
    expect(await ask()).toEqual([502, "codexd_refused"]);
  });

  it("without codexd's token says that codexd is down", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront({ ...codexd, tokenFile: "/nonexistent/token" } as FakeCodexd);
    const reply = await plainRequest({ url: `${url}/v1/codex/sessions`, token });
    expect([reply.status, (reply.json as { code: string }).code]).toEqual([503, "codexd_down"]);
  });

  it("that breaks before its reply is sent once more with the same key, also when the client gave none", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    const breakOnce = (): void => {
      let calls = 0;
      codexd.answer = (request, response) => {
        calls += 1;
        if (calls === 1) request.socket.destroy();
        else response.end("{}");
      };
    };
    const post = (headers: Record<string, string>) =>
      plainRequest({ method: "POST", url: `${url}/v1/codex/sessions`, token, body: "{}", headers });
    breakOnce();
    expect((await post({ "idempotency-key": "mine" })).status).toBe(200);
    breakOnce();
    expect((await post({})).status).toBe(200);
    const keys = codexd.got.map(({ headers }) => headers["idempotency-key"]);
    expect(keys.slice(0, 2)).toEqual(["mine", "mine"]);
    expect(keys[2]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[3]).toBe(keys[2]);
  });

  it("that breaks twice is 503 with Retry-After, and one that no key protects is sent once", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    codexd.answer = (request) => void request.socket.destroy();
    const post = (path: string) => plainRequest({ method: "POST", url: `${url}${path}`, token, body: "{}" });
    const keyed = await post("/v1/codex/sessions");
    expect([keyed.status, (keyed.json as { code: string }).code]).toEqual([503, "codexd_down"]);
    expect(Number(keyed.headers["retry-after"])).toBeGreaterThan(0);
    expect(codexd.got.length).toBe(2);
    expect((await post("/v1/codex/account/logout")).status).toBe(503);
    expect(codexd.got.length).toBe(3);
  });

  it("to a codexd that does not listen is 503 with since, once that is known", async () => {
    const codexd = await startFakeCodexd();
    const { url, link } = await startFront(codexd);
    const down = new Promise<void>((resolve) => link.onChange(({ kind }) => void (kind === "down" && resolve())));
    link.start();
    await codexd.close();
    const first = await plainRequest({ url: `${url}/v1/codex/sessions`, token });
    expect(first.status).toBe(503);
    await down;
    const reply = await plainRequest({ url: `${url}/v1/codex/sessions`, token });
    expect(reply.json).toMatchObject({ code: "codexd_down", codexd: "down", since: expect.stringMatching(/^20.*Z$/) });
  });

  it("with a reply that breaks off breaks off, so that nobody takes a part for the whole", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    codexd.answer = (request, response) => {
      response.writeHead(200, { "content-type": "application/json" }); // in chunks: only the end would tell
      response.write('{"sessions":[', () => request.socket.destroy());
    };
    await expect(plainRequest({ url: `${url}/v1/codex/sessions`, token })).rejects.toThrow("aborted");
  });

  it.each([
    ["a body above the row's limit", "/v1/codex/sessions", " ".repeat(1024 * 1024 + 1), 413],
    ["an id that is none", "/v1/codex/sessions/..%2f..%2fx/turns", "{}", 422],
    ["a key that is none", "/v1/codex/sessions", "{}", 400],
    ["runs", "/v1/codex/runs", "{}", 404],
  ])("with %s does not reach codexd", async (name, path, body, status) => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    const headers = name === "a key that is none" ? { "idempotency-key": "a b" } : undefined;
    const reply = await plainRequest({
      method: "POST",
      url: `${url}${path}`,
      token,
      body,
      ...(headers && { headers }),
    });
    expect(reply.status).toBe(status);
    expect(codexd.got).toEqual([]);
  });
});

describe("a stream by SSE", () => {
  it("comes as it is sent, and ends at codexd when the client leaves", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    let gone: () => void = () => undefined;
    const left = new Promise<void>((resolve) => (gone = resolve));
    let write: (text: string) => void = () => undefined;
    codexd.answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("event: hello\n\n");
      write = (text) => void response.write(text);
      response.on("close", gone);
    };
    const headers = { accept: "text/event-stream", "last-event-id": "log:5", authorization: `Bearer ${token}` };
    const chunks: string[] = [];
    await new Promise<void>((resolve) => {
      const request = http.get(`${url}/v1/codex/events`, { headers, agent: false }, (response) => {
        response.on("error", () => undefined);
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk.toString());
          if (chunks.length === 1) write("event: second\n\n");
          else {
            request.destroy();
            resolve();
          }
        });
      });
    });
    expect(chunks).toEqual(["event: hello\n\n", "event: second\n\n"]);
    expect(codexd.got[0]?.headers["last-event-id"]).toBe("log:5");
    await left;
  });

  it("that nobody reads is not read from codexd either", async () => {
    const codexd = await startFakeCodexd();
    const { url } = await startFront(codexd);
    const piece = Buffer.alloc(64 * 1024, "x");
    let sent = 0;
    let stalled: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (stalled = resolve));
    codexd.answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => {
        const before = sent;
        while (response.writableLength < piece.length && sent < 512 * piece.length) {
          response.write(piece);
          sent += piece.length;
        }
        if (sent === before) stalled();
      }, 20);
      response.on("close", () => clearInterval(timer));
    };
    const headers = { accept: "text/event-stream", authorization: `Bearer ${token}` };
    const request = http.get(`${url}/v1/codex/events`, { headers, agent: false }, (response) => response.pause());
    await stopped;
    expect(sent).toBeLessThan(24 * 1024 * 1024);
    request.on("error", () => undefined);
    request.destroy();
  });
});

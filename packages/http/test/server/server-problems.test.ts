import { describe, expect, it } from "vitest";
import { ProblemError } from "../../src/index.ts";
import { started } from "../started.ts";
import { READ_TOKEN } from "../test-server.ts";

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

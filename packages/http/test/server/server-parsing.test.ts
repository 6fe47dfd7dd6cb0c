import { describe, expect, it } from "vitest";
import { started } from "../started.ts";
import { AUTHORIZED } from "../test-server.ts";

const ID = "0123456789abcdef0123456789abcdef";
const SESSION = `ses_${ID}`;
const TURN = `turn_${ID}`;

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

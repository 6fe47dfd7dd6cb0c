import { describe, expect, it } from "vitest";
import { RouteTableError, type StaticFile } from "../../src/index.ts";
import { testServer } from "../test-server.ts";

const file = (path: string, text = "body"): StaticFile => ({
  path,
  body: Buffer.from(text),
  headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'self'" },
  etag: '"v1"',
});
const host = (port: number) => ({ host: `127.0.0.1:${port}` });

async function serving(files: readonly StaticFile[]) {
  const { server, rejects } = testServer({ files });
  await server.start({ host: "127.0.0.1", port: 0 });
  const { url, port } = server.address();
  const get = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
    fetch(`${url}${path}`, { method, headers });
  return { server, rejects, port, get };
}

describe("static files", () => {
  it("are open to a browser, with their own headers and without a way to be sniffed or framed by mistake", async () => {
    const { server, get } = await serving([file("/", "<h1>hello</h1>")]);
    const reply = await get("/", { "sec-fetch-site": "cross-site", origin: "http://evil.example" });
    expect([reply.status, await reply.text()]).toEqual([200, "<h1>hello</h1>"]);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'self'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-cache",
      etag: '"v1"',
    });
    expect(reply.headers.get("access-control-allow-origin")).toBeNull();
    await server.stop();
  });

  it("are not sent again to who has them", async () => {
    const { server, get } = await serving([file("/app.js")]);
    for (const tag of ['"v1"', 'W/"v1"', '"v0", "v1"', "*"]) {
      const reply = await get("/app.js", { "if-none-match": tag });
      expect([tag, reply.status, await reply.text()]).toEqual([tag, 304, ""]);
    }
    expect((await get("/app.js", { "if-none-match": '"v2"' })).status).toBe(200);
    await server.stop();
  });

  it("answer HEAD without a body and no other method", async () => {
    const { server, get } = await serving([file("/app.js", "12345")]);
    const head = await get("/app.js", {}, "HEAD");
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "5", ""]);
    expect((await get("/app.js", {}, "POST")).status).toBe(401);
    expect((await get("/app.js", {}, "OPTIONS")).status).toBe(405);
    await server.stop();
  });

  it("are served by their exact path alone", async () => {
    const { server, port } = await serving([file("/assets/app.js")]);
    for (const url of ["/assets/", "/assets/app.js/", "/assets/x", "/assets/%61pp.js", "/assets//app.js"]) {
      const reply = await server.inject({ url, headers: host(port) });
      expect([url, reply.statusCode]).toEqual([url, 401]);
    }
    const other = await server.inject({ url: "/assets/app.js", headers: { host: "evil.example" } });
    expect(other.statusCode).toBe(421);
    await server.stop();
  });

  it.each(["app.js", "/../x", "/a b", "/{id}", "/x:y", "//x", "/*", "/%2e"])("refuse the path %s", (path) => {
    expect(() => testServer({ files: [file(path)] })).toThrow(RouteTableError);
  });
});

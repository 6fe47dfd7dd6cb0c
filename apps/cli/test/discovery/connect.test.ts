import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli.ts";
import { VERBS } from "../../src/commands/index.ts";

interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
}
type Answer = (
  asked: Asked,
) => { readonly status?: number; readonly type?: string; readonly body: unknown } | undefined;

const problem = (status: number, code: string) => ({
  status,
  type: "application/problem+json",
  body: { type: `urn:${code}`, title: "It is so.", status, code, next: "Do that." },
});
const LIST = { body: { sessions: [], nextCursor: null, asOfSeq: 1 } };
const runtime = (more: object = {}) => ({
  body: { name: "conductor", ready: true, role: "leader", mode: "running", ...more },
});

let dir = "";
let asked: Asked[] = [];
let servers: http.Server[] = [];
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "baa-cli-"));
  [asked, servers] = [[], []];
});
afterEach(async () => {
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  fs.rmSync(dir, { recursive: true, force: true });
});

/** Something that answers on loopback; its address. */
const serve = async (answer: Answer): Promise<string> => {
  const server = http.createServer((request, response) => {
    const one = { path: (request.url ?? "").split("?")[0] ?? "", authorization: request.headers.authorization };
    asked.push(one);
    const { status = 200, type = "application/json", body } = answer(one) ?? problem(404, "not_found");
    response.writeHead(status, { "content-type": type, connection: "close" }).end(JSON.stringify(body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const tokenFile = (text: string): string => {
  const file = path.join(dir, "token");
  fs.writeFileSync(file, text, { mode: 0o600 });
  return file;
};

/** `baa sessions` against one address. */
const list = async (api: string, file: string) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await main(["sessions", "--api", api, "--token-file", file], VERBS, {
    stdin: Readable.from([]),
    stdout,
    stderr,
    cwd: "/",
    mayColour: false,
    leave: () => undefined,
    onSignals: () => undefined,
  });
  return { code, stderr: String(stderr.read() ?? "") };
};

describe("a service that answers", () => {
  test("is asked who it is without a token, and gets it then", async () => {
    const api = await serve(({ path }) => (path === "/v1/runtime" ? runtime({ version: "0.1.0" }) : LIST));
    expect(await list(api, tokenFile("the-token"))).toEqual({ code: 0, stderr: "no sessions\n" });
    expect(asked).toEqual([
      { path: "/v1/runtime", authorization: undefined },
      { path: "/v1/runtime", authorization: "Bearer the-token" },
      { path: "/v1/codex/sessions", authorization: "Bearer the-token" },
    ]);
  });

  test("of another version: a named warning", async () => {
    const api = await serve(({ path }) => (path === "/v1/runtime" ? runtime({ version: "9.9.9" }) : LIST));
    const { code, stderr } = await list(api, tokenFile("the-token"));
    expect(code).toBe(0);
    expect(stderr).toContain(`warning: version_skew: this baa is 0.1.0, conductor at ${api} is 9.9.9`);
  });

  test("and is codexd is talked to in its own words", async () => {
    const status = { body: { mode: "app-server", status: "ready" } };
    const api = await serve(({ path }) =>
      path === "/v1/codexd/status" ? status : path === "/v1/codexd/sessions" ? LIST : undefined,
    );
    expect(await list(api, tokenFile("the-token"))).toEqual({ code: 0, stderr: "no sessions\n" });
  });
});

describe("a token", () => {
  test("that has just been changed is read once more", async () => {
    const file = tokenFile("the-old-one");
    const api = await serve(({ path, authorization }) => {
      if (authorization === "Bearer the-old-one") {
        fs.writeFileSync(file, "the-new-one");
        return problem(401, "unauthorized");
      }
      return path === "/v1/runtime" ? runtime() : LIST;
    });
    expect((await list(api, file)).code).toBe(0);
    expect(asked.at(-1)).toEqual({ path: "/v1/codex/sessions", authorization: "Bearer the-new-one" });
  });

  test("that is refused in the middle, too, is named by its file and not shown", async () => {
    const file = tokenFile("the-token");
    const api = await serve(({ path }) => (path === "/v1/runtime" ? runtime() : problem(401, "unauthorized")));
    const { code, stderr } = await list(api, file);
    expect(code).toBe(77);
    expect(stderr).toContain(`the token in ${file} is not accepted`);
    expect(stderr).not.toContain("the-token");
  });
});

describe("what answers and is of no use is passed over, and never gets the token", () => {
  test.each<[string, Answer, string]>([
    ["a standby", () => runtime({ role: "standby" }), "it is a standby and serves nothing"],
    ["a stranger", () => ({ type: "text/html", body: "<h1>hello</h1>" }), "something else answers there"],
    ["trouble", () => problem(503, "stopping"), "stopping"],
  ])("%s", async (_what, answer, why) => {
    const api = await serve(answer);
    const { code, stderr } = await list(api, tokenFile("the-token"));
    expect(code).toBe(69);
    expect(stderr).toContain(`conductor at ${api} (--api): ${why}`);
    expect(asked.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });
});

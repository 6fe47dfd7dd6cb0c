import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Codexd, Conductor, StatusApi, type StatusApiOptions, type TestHooks } from "@baa/test-kit";
import { expect, test } from "vitest";

/** A status-api on an empty runtime root: neither conductor nor codexd was ever there. */
function alone(t: TestHooks, o: Omit<StatusApiOptions, "conductor"> = {}): { statusApi: StatusApi; root: string } {
  const codexd = new Codexd({ child: { command: "true" } });
  t.onTestFinished(() => codexd.dispose());
  const conductor = new Conductor({ codexd, port: 1 });
  const statusApi = new StatusApi({ conductor, until: "listening", ...o });
  t.onTestFailed(() => void process.stderr.write(`--- output ---\n${statusApi.output()}\n---\n`));
  t.onTestFinished(() => statusApi.dispose());
  return { statusApi, root: codexd.root.path };
}

/** Every path below a directory, with what a write would change. */
const treeOf = (dir: string): string[] =>
  fs.readdirSync(dir, { recursive: true, encoding: "utf8" }).map((name) => {
    const { size, mtimeMs, mode } = fs.statSync(path.join(dir, name));
    return `${name} ${size} ${mtimeMs} ${mode}`;
  });

const openGet = async (url: string): Promise<{ status: number; text: string }> => {
  const reply = await fetch(url);
  return { status: reply.status, text: await reply.text() };
};

test("it serves before anything else was ever there, and writes nothing anywhere", async (t) => {
  const { statusApi, root } = alone(t);
  const before = treeOf(root);
  await statusApi.start();
  expect(await openGet(`${statusApi.url}/healthz`)).toEqual({ status: 200, text: '{\n  "status": "ok"\n}\n' });
  expect((await openGet(`${statusApi.url}/readyz`)).status).toBe(503);
  expect((await openGet(`${statusApi.url}/`)).status).toBe(200);
  expect((await openGet(`${statusApi.url}/v1/status`)).status).toBe(401);
  expect(await statusApi.stop()).toEqual({ code: 0, signal: null });
  expect(treeOf(root)).toEqual(before);
});

test("the shared token counts as soon as conductor has made it", async (t) => {
  const { statusApi } = alone(t);
  await statusApi.start();
  const token = "made-later-0123456789abcdef0123456789abc";
  const ask = () => fetch(`${statusApi.url}/v1/status`, { headers: { authorization: `Bearer ${token}` } });
  expect((await ask()).status).toBe(401);
  const dir = path.join(statusApi.home, ".config", "baa-conductor");
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(dir, "shared-token.txt"), token, { mode: 0o600 });
  const reply = await ask();
  expect(reply.status).toBe(200);
  expect(await reply.json()).toMatchObject({ summary: { level: "down" }, mode: "unknown", sources: {} });
});

test("wrong settings end it with 78, a busy port with 75, wrong words with 64, each with a reason", async (t) => {
  const { statusApi } = alone(t);
  const wrong = await statusApi.run([], { env: { BAA_STATUS_API_HOST: "example.net", BAA_STATUS_API_PORT: "x" } });
  expect([wrong.code, wrong.stderr]).toEqual([78, expect.stringMatching(/BAA_STATUS_API_HOST.*BAA_STATUS_API_PORT/s)]);

  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.onTestFinished(() => void server.close());
  const port = String((server.address() as AddressInfo).port);
  const busy = await statusApi.run([], { env: { BAA_STATUS_API_PORT: port } });
  expect([busy.code, busy.stderr]).toEqual([75, expect.stringContaining(`127.0.0.1:${port} is already in use by pid`)]);

  const words = await statusApi.run(["start"]);
  expect([words.code, words.stderr]).toEqual([64, expect.stringContaining("Usage: node apps/status-api")]);
  expect((await statusApi.run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await statusApi.run(["--help"])).stdout).toContain("BAA_STATUS_API_PORT");
});

test.runIf(process.platform === "linux")(
  "it listens at a second address too, and waits for one that is not there",
  async (t) => {
    const second = alone(t, { host: "127.0.0.3" }).statusApi;
    await second.start();
    await expect.poll(() => second.output(), { timeout: 10_000 }).toContain("http://127.0.0.3:");
    expect((await openGet(`http://127.0.0.3:${second.port}/healthz`)).status).toBe(200);
    expect((await openGet(`${second.url}/healthz`)).status).toBe(200);
    const late = alone(t, { host: "192.0.2.9" }).statusApi;
    await late.start();
    await expect.poll(() => late.output(), { timeout: 10_000 }).toContain('"event":"listen.waiting"');
    expect((await openGet(`${late.url}/healthz`)).status).toBe(200);
    expect((await late.stop()).code).toBe(0);
  },
);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { exchange, RequestTap, tempRoot } from "@baa/test-kit";
import { expect, test } from "vitest";

const SERVER = `import http from "node:http";
const server = http.createServer((request, response) => response.writeHead(404, { "x-own": "1" }).end());
server.on("upgrade", (request, socket) => socket.end("HTTP/1.1 403 Forbidden\\r\\nX-Own: 1\\r\\n\\r\\n"));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

test("a tap shows every request of a process, upgrades too, with what it was answered", async (t) => {
  const root = tempRoot({ test: t });
  const tap = new RequestTap(root.join("requests.jsonl"));
  expect(tap.requests()).toEqual([]);
  const args = ["--input-type=module", "--eval", SERVER];
  const child = spawn(process.execPath, args, { env: { PATH: process.env["PATH"], ...tap.env } });
  t.onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  const head = "Host: a\r\nOrigin: b\r\nSec-Fetch-Site: c\r\n";
  await exchange({ port, chunks: [`GET /one HTTP/1.1\r\n${head}Authorization: x\r\nConnection: close\r\n\r\n`] });
  await exchange({ port, chunks: [`GET /two HTTP/1.1\r\n${head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`] });
  await expect.poll(() => tap.requests().length).toBe(2);
  const seen = { method: "GET", host: "a", origin: "b", site: "c" };
  expect(tap.requests()).toMatchObject([
    {
      ...seen,
      url: "/one",
      status: 404,
      hasToken: true,
      isUpgrade: false,
      answered: expect.arrayContaining(["x-own"]) as unknown,
    },
    { ...seen, url: "/two", status: 403, hasToken: false, isUpgrade: true, answered: ["x-own"] },
  ]);
});

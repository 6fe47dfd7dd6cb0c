import fs from "node:fs";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import path from "node:path";
import { createServer, fixedToken, type HttpServer, UpstreamToken } from "@baa/http";
import { SCOPES } from "@baa/contracts";
import { onTestFinished } from "vitest";
import { CodexForwarding } from "../../src/codex-link/forwarding.ts";
import { type CodexdLink, createCodexdLink } from "../../src/codex-link/link.ts";
import { tempDir } from "./temp-dir.ts";

export const CLIENT_TOKEN = "client-token-0123456789abcdef0123456789";
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A request as the stand-in of codexd got it. */
export interface Got {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (request: http.IncomingMessage, response: http.ServerResponse, body: string) => void;

export interface FakeCodexd {
  readonly url: string;
  readonly got: Got[];
  /** What it answers to everything but /healthz. */
  answer: Answer;
  onUpgrade: (request: http.IncomingMessage, socket: Socket) => void;
  readonly tokenFile: string;
  writeToken(token: string): void;
  /** Stops listening and cuts everything. */
  close(): Promise<void>;
}

/** A server that answers what a test says, in codexd's place. */
export async function startFakeCodexd(): Promise<FakeCodexd> {
  const tokenFile = path.join(tempDir(), "token");
  const got: Got[] = [];
  const server = http.createServer((request, response) => {
    if (request.url === "/healthz") return void response.end("{}");
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      got.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      fake.answer(request, response, body);
    });
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket) => fake.onUpgrade(request, socket as Socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  const fake: FakeCodexd = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    answer: (_request, response) => void response.end("{}"),
    onUpgrade: (_request, socket) => void socket.destroy(),
    tokenFile,
    writeToken: (token) => fs.writeFileSync(tokenFile, token, { mode: 0o600 }),
    close,
  };
  fake.writeToken("codexd-token-1");
  onTestFinished(() => (server.listening ? close() : undefined));
  return fake;
}

export interface Front {
  readonly url: string;
  readonly server: HttpServer;
  readonly link: CodexdLink;
}

/** codexd's routes behind a guard, as conductor serves them. */
export async function startFront(codexd: FakeCodexd): Promise<Front> {
  const link = createCodexdLink({ baseUrl: codexd.url, logger: QUIET as never, now: () => new Date().toISOString() });
  const forwarding = new CodexForwarding({
    baseUrl: codexd.url,
    eventStreamPath: "/v1/codexd/events",
    link,
    token: new UpstreamToken(codexd.tokenFile),
  });
  const server = createServer({
    routes: {},
    handlers: {},
    feeds: {},
    forwarding,
    guard: { surfaces: [], credentials: [fixedToken({ token: CLIENT_TOKEN, id: "client", scopes: SCOPES })] },
    logger: QUIET,
    version: "test",
  });
  await server.start({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    await server.stop(1000);
    await forwarding.close();
    await link.stop();
  });
  return { url: server.address().url, server, link };
}

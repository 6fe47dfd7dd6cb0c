import { once } from "node:events";
import http from "node:http";
import { onTestFinished, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ProblemError, type SocketService, type SocketUpgrade } from "../../src/index.ts";
import { UPGRADE_HEADERS } from "../guard-matrix.ts";
import { rawBytes, sendRaw } from "../raw-request.ts";
import { LOOPBACK, testServer, TOKEN } from "../test-server.ts";

const PATH = "/ws/firefox";
const ORIGIN = "moz-extension://0a6a9e4c-3f0f-4e8e-9d3c-0123456789ab";

/** A service that says hello to everybody, and what it was asked. */
class Greeter implements SocketService {
  readonly upgrades: SocketUpgrade[] = [];
  readonly calls: string[] = [];
  refusal: ProblemError | undefined;
  isDeaf = false;
  readonly #server = new WebSocketServer({ noServer: true });

  open(upgrade: SocketUpgrade): void {
    if (this.refusal !== undefined) throw this.refusal;
    this.upgrades.push(upgrade);
    const { request, socket, head } = upgrade;
    this.#server.handleUpgrade(request, socket, head, (ws) => ws.send("hello"));
  }

  async stop(): Promise<void> {
    this.calls.push("stop");
    const clients = [...this.#server.clients];
    if (!this.isDeaf) for (const ws of clients) ws.close(1001);
    await Promise.all(clients.map((ws) => once(ws, "close")));
  }

  destroy(): void {
    this.calls.push("destroy");
    for (const ws of this.#server.clients) ws.terminate();
  }
}

async function start(o: { admit?: (name: string) => void; admits?: (origin: string) => boolean } = {}) {
  const greeter = new Greeter();
  const { admit } = o;
  const t = testServer({
    sockets: { [PATH]: greeter },
    guard: { credentials: [], surfaces: [], admits: o.admits ?? ((origin) => origin === ORIGIN) },
    ...(admit === undefined ? {} : { admit }),
    routes: {} as never,
    handlers: {} as never,
    feeds: {} as never,
  });
  await t.server.start([LOOPBACK, LOOPBACK]);
  onTestFinished(() => t.server.stop(0));
  const dial = (origin: string | undefined, port = t.server.address().port): WebSocket => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${PATH}`, origin === undefined ? {} : { origin });
    ws.on("error", () => undefined);
    return ws;
  };
  return { ...t, greeter, dial, port: t.server.address().port };
}

/** The status of the answer that a client got instead of 101. */
const refused = async (ws: WebSocket): Promise<number | undefined> => {
  const [, response] = (await once(ws, "unexpected-response")) as [unknown, http.IncomingMessage];
  ws.terminate();
  return response.statusCode;
};

const ask = (port: number, o: { method?: string; headers: readonly (readonly [string, string])[] }) =>
  sendRaw(
    port,
    rawBytes({
      method: o.method ?? "GET",
      target: PATH,
      httpVersion: "1.1",
      headers: [["Host", `127.0.0.1:${port}`], ...o.headers],
      body: undefined,
    }),
  );

describe("a service for an extension's sockets", () => {
  it("gets what the guard has let in, on every listener", async () => {
    const { server, greeter, dial } = await start();
    for (const { port } of server.addresses()) {
      const ws = dial(ORIGIN, port);
      const [data] = (await once(ws, "message")) as [Buffer];
      expect(data.toString()).toBe("hello");
      ws.terminate();
    }
    expect(greeter.upgrades.map(({ origin, remoteAddress }) => [origin, remoteAddress])).toEqual([
      [ORIGIN, "127.0.0.1"],
      [ORIGIN, "127.0.0.1"],
    ]);
  });

  it("is not asked about anybody else", async () => {
    const { greeter, dial } = await start();
    for (const origin of [undefined, "http://evil.example", "null", "moz-extension://x", `${ORIGIN}/`]) {
      expect([origin, await refused(dial(origin))]).toEqual([origin, 403]);
    }
    expect(greeter.upgrades).toEqual([]);
  });

  it("is nothing on plain HTTP, and takes no other upgrade and no other method", async () => {
    const { greeter, port } = await start();
    const origin = ["Origin", ORIGIN] as const;
    const upgrades = (to: string) =>
      UPGRADE_HEADERS.map(([name, value]) => [name, name === "Upgrade" ? to : value] as const);
    expect((await ask(port, { headers: [origin] })).status).toBe(404);
    expect((await ask(port, { headers: [origin, ...upgrades("h2c")] })).status).toBe(400);
    expect((await ask(port, { headers: [["Authorization", `Bearer ${TOKEN}`]] })).status).toBe(403);
    for (const method of ["POST", "DELETE", "HEAD"]) {
      expect([method, (await ask(port, { method, headers: [origin, ...UPGRADE_HEADERS] })).status]).toEqual([
        method,
        403,
      ]);
    }
    expect(greeter.upgrades).toEqual([]);
  });

  it("is asked only while its path is admitted, by name", async () => {
    const names: string[] = [];
    const { greeter, dial } = await start({
      admit: (name) => {
        names.push(name);
        throw new ProblemError("not_leader");
      },
    });
    expect(await refused(dial(ORIGIN))).toBe(503);
    expect([names, greeter.upgrades]).toEqual([["socket /ws/firefox"], []]);
  });

  it("may refuse with a problem of its own", async () => {
    const { greeter, port } = await start();
    greeter.refusal = new ProblemError("bad_request", "no subprotocol");
    const reply = await ask(port, { headers: [["Origin", ORIGIN], ...UPGRADE_HEADERS] });
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body)).toMatchObject({ code: "bad_request", detail: "no subprotocol" });
  });

  it("closes its sockets when the server stops, and is cut when it takes too long", async () => {
    const kind = await start();
    const ws = kind.dial(ORIGIN);
    await once(ws, "message");
    const closed = once(ws, "close");
    await kind.server.stop();
    expect((await closed)[0]).toBe(1001);
    expect(kind.greeter.calls).toEqual(["stop"]);

    const deaf = await start();
    deaf.greeter.isDeaf = true;
    const held = deaf.dial(ORIGIN);
    await once(held, "message");
    await deaf.server.stop(10);
    expect(deaf.greeter.calls).toEqual(["stop", "destroy"]);
  });
});

import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Endpoint } from "../../src/external/endpoint.ts";
import { ExternalAppServer, type ExternalOptions } from "../../src/external/external-app-server.ts";
import { writeRecord } from "../../src/reaping/child-record.ts";
import { ChildUnavailableError, RequestTimeoutError } from "../../src/rpc/errors.ts";
import { outcome } from "../support/peer.ts";
import { polite, SocketServer, userAgent } from "../support/socket-server.ts";

interface Linked {
  link: ExternalAppServer;
  told: unknown[];
  recordFile: string;
}

/** A link to an endpoint, stopped when the test ends, with all it told. */
function linkTo(endpoint: Endpoint, o: Partial<ExternalOptions> = {}): Linked {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "link-"));
  const recordFile = path.join(dir, "daemon-state.json");
  const told: unknown[] = [];
  const link = new ExternalAppServer({
    endpoint,
    clientInfo: { name: "codexd", title: "test", version: "0" },
    recordFile,
    random: () => 1,
    ...o,
    timings: { backoffInitialMs: 20, backoffMaxMs: 50, ...o.timings },
    handlers: {
      onState: ({ kind, generation, reason }) => told.push(`${kind} ${generation}${reason ? `: ${reason}` : ""}`),
      onNotification: ({ method }, generation) => told.push(["note", method, generation]),
      onRequest: ({ id, method }, generation) => {
        told.push(["ask", id, method, generation]);
        return method === "known" ? "taken" : "unknown";
      },
      onUnparsable: (line) => told.push(["unparsable", line.toString()]),
      onBatchEnd: () => told.push("batchEnd"),
      onLost: (lost) => told.push(["lost", lost]),
    },
  });
  onTestFinished(async () => {
    await link.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  });
  return { link, told, recordFile };
}

const ready = async ({ link }: Linked): Promise<void> => expect(await link.whenReady(10_000)).toBe(true);
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 5 });

test.each([[false], [true]])("it connects (unix socket: %s), shakes hands, asks and is answered", async (unix) => {
  const server = await SocketServer.open({ unix });
  const linked = linkTo(server.endpoint);
  await linked.link.start();
  await ready(linked);
  expect(linked.link.state).toEqual({ kind: "ready", generation: 1, version: "0.169.0" });
  expect(linked.told).toEqual(["starting 1", "handshaking 1", "batchEnd", "ready 1"]);
  expect(await linked.link.request("thread/list", {})).toEqual({ result: { data: [] }, generation: 1 });
  expect(server.received.map(({ method }) => method)).toEqual(["initialize", "initialized", "thread/list"]);
  expect(server.headers[0]?.origin).toBeUndefined();
  expect(server.headers[0]?.authorization).toBeUndefined();
});

test("what the app-server says in one chunk is one batch, in its order; unknown requests are refused", async () => {
  const server = await SocketServer.open();
  const linked = linkTo(server.endpoint);
  await linked.link.start();
  await ready(linked);
  linked.told.length = 0;
  server.say({ method: "a", params: {} }, { method: "b" }, { id: 0, method: "known" }, { id: 1, method: "other" });
  server.last.send("no json");
  await until(() => expect(linked.told).toContainEqual(["unparsable", "no json"]));
  const said = linked.told.filter((one) => one !== "batchEnd");
  expect(said).toEqual([
    ["note", "a", 1],
    ["note", "b", 1],
    ["ask", 0, "known", 1],
    ["ask", 1, "other", 1],
    ["unparsable", "no json"],
  ]);
  expect(linked.link.respond(0, 1, { decision: "decline" })).toBe(true);
  await until(() => expect(server.received).toContainEqual({ id: 0, result: { decision: "decline" } }));
  expect(server.received).toContainEqual({ id: 1, error: { code: -32601, message: "unknown method: other" } });
});

test("a lost connection: what was asked is settled, the loss is told once, and it connects again as a new generation", async () => {
  const server = await SocketServer.open();
  const linked = linkTo(server.endpoint);
  await linked.link.start();
  await ready(linked);
  server.answer = (message) => (message["method"] === "thread/list" ? undefined : polite(message, server.last));
  const asked = outcome(linked.link.request("thread/list", {}));
  await until(() => expect(server.received.at(-1)?.["method"]).toBe("thread/list"));
  server.last.terminate();
  const error = await asked;
  expect(error).toBeInstanceOf(ChildUnavailableError);
  expect((error as ChildUnavailableError).sent).toBe(true);
  await until(() => expect(linked.link.state).toMatchObject({ kind: "ready", generation: 2 }));
  const lost = linked.told.filter((one) => Array.isArray(one) && one[0] === "lost");
  expect(lost).toEqual([["lost", { generation: 1, reason: "closed with 1006" }]]);
  const states = linked.told.filter((one) => typeof one === "string" && one !== "batchEnd");
  expect(states).toEqual([
    "starting 1",
    "handshaking 1",
    "ready 1",
    "backoff 1: closed with 1006",
    "starting 2",
    "handshaking 2",
    "ready 2",
  ]);
  expect(linked.link.respond(0, 1, {})).toBe(false);
  expect(linked.link.stats().restarts).toBe(1);
});

test("a server that is not there is tried again until it comes; nothing is told as lost", async () => {
  const first = await SocketServer.open();
  await first.close();
  const linked = linkTo(first.endpoint);
  await linked.link.start();
  await until(() => expect(linked.link.state.generation).toBeGreaterThan(2));
  await until(() => expect(linked.link.state.kind).toBe("backoff"));
  expect(linked.link.state.reason).toMatch(/^ws:\/\/127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/);
  const refused = await outcome(linked.link.request("thread/list", {}));
  expect(refused).toMatchObject({ name: "ChildUnavailableError", sent: false });
  await SocketServer.open({ endpoint: first.endpoint });
  await ready(linked);
  expect(linked.told.filter((one) => Array.isArray(one))).toEqual([]);
});

test.each([
  ["is refused", () => [{ id: 1, error: { code: -32600, message: "no" } }], "initialize was refused: no"],
  ["is not understood", () => [{ id: 1, result: {} }], "initialize was answered with {}"],
  ["is not answered", () => undefined, "initialize was not answered within 100 ms"],
])("a handshake that %s is tried again, with its reason", async (_name, answer, reason) => {
  const server = await SocketServer.open();
  server.answer = answer;
  const linked = linkTo(server.endpoint, { timings: { readyMs: 100 } });
  await linked.link.start();
  await until(() => expect(linked.told).toContain(`backoff 1: ${reason}`));
  server.answer = polite;
  await ready(linked);
});

test("a peer that accepts and does not upgrade is given up after a while", async () => {
  const deaf = net.createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void deaf.close());
  await once(deaf, "listening");
  const { port } = deaf.address() as net.AddressInfo;
  const { link } = linkTo({ kind: "tcp", host: "127.0.0.1", port }, { timings: { readyMs: 100 } });
  await link.start();
  await until(() => expect(link.state.reason ?? "").toContain("Opening handshake has timed out"));
});

test("a server that answers no probe is left, and connected to again", async () => {
  const server = await SocketServer.open();
  server.answer = (message) => (message["method"] === "server/diagnostics" ? undefined : polite(message, server.last));
  const timings = { probeIntervalMs: 10, probeTimeoutMs: 20, probeMisses: 2 };
  const linked = linkTo(server.endpoint, { timings });
  await linked.link.start();
  await until(() =>
    expect(linked.told).toContainEqual([
      "lost",
      { generation: 1, reason: "2 health probes in a row were not answered within 20 ms" },
    ]),
  );
  server.answer = polite;
  await until(() => expect(linked.link.stats().residentMemoryBytes).toBe(7));
});

test("stop closes the connection, tells no loss, and can be followed by a start", async () => {
  const server = await SocketServer.open();
  const linked = linkTo(server.endpoint);
  await linked.link.start();
  await ready(linked);
  const asked = outcome(linked.link.request("thread/list", {}));
  await linked.link.stop();
  await asked;
  expect(linked.link.state).toEqual({ kind: "stopped", generation: 1 });
  await until(() => expect(server.last.readyState).toBe(3));
  expect(linked.told.some((one) => Array.isArray(one) && one[0] === "lost")).toBe(false);
  await linked.link.start();
  await ready(linked);
  expect(linked.link.state.generation).toBe(2);
});

test("stop while nobody answers does not wait for the deadline of the handshake", async () => {
  const server = await SocketServer.open();
  server.answer = () => undefined;
  const linked = linkTo(server.endpoint, { timings: { readyMs: 3_600_000 } });
  await linked.link.start();
  await until(() => expect(server.received).toHaveLength(1));
  await linked.link.stop();
  expect(linked.link.state.kind).toBe("stopped");
});

test("generations go on from those of the former daemon; a record that names a child of ours is left alone", async () => {
  const server = await SocketServer.open();
  const linked = linkTo(server.endpoint);
  const marker = { name: "CODEXD_INSTANCE", value: "ins-41" };
  writeRecord(linked.recordFile, { format: 1, generation: 41, marker, live: false });
  await linked.link.start();
  await ready(linked);
  expect(linked.link.state.generation).toBe(42);
  expect(JSON.parse(fs.readFileSync(linked.recordFile, "utf8"))).toMatchObject({ generation: 42, live: false });
  await linked.link.stop();
  const live = { format: 1 as const, generation: 50, marker, live: true, child: { pid: 1, startTime: "1" } };
  writeRecord(linked.recordFile, live);
  await linked.link.start();
  await until(() => expect(linked.link.state).toMatchObject({ kind: "ready", generation: 51 }));
  expect(JSON.parse(fs.readFileSync(linked.recordFile, "utf8"))).toEqual(live);
});

test("the token goes as a bearer header and is read again for each connection; one that cannot be read is a failed attempt", async () => {
  const server = await SocketServer.open();
  const tokens = [() => "one", () => "two"];
  const linked = linkTo(server.endpoint, {
    token: () => {
      const next = tokens.shift();
      if (next === undefined) throw new Error("the token file is gone");
      return next();
    },
  });
  await linked.link.start();
  await ready(linked);
  server.last.terminate();
  await until(() => expect(linked.link.state).toMatchObject({ kind: "ready", generation: 2 }));
  expect(server.headers.map(({ authorization }) => authorization)).toEqual(["Bearer one", "Bearer two"]);
  server.last.terminate();
  await until(() => expect(linked.link.state.reason).toContain("the token file is gone"));
});

test("while reading is paused nothing is handed on and no deadline runs; then everything comes", async () => {
  const server = await SocketServer.open();
  const linked = linkTo(server.endpoint);
  await linked.link.start();
  await ready(linked);
  linked.link.pauseReading();
  linked.told.length = 0;
  const asked = linked.link.request("thread/list", {}, { timeoutMs: 50 });
  server.say({ method: "late" });
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(linked.told).toEqual([]);
  linked.link.resumeReading();
  await expect(asked).resolves.toMatchObject({ result: { data: [] } });
  expect(linked.told).toContainEqual(["note", "late", 1]);
});

test("a message over 64 MiB ends the connection, with its reason", async () => {
  const server = await SocketServer.open();
  const linked = linkTo(server.endpoint);
  await linked.link.start();
  await ready(linked);
  server.say({ method: "big", params: "x".repeat(64 * 1024 * 1024) });
  await until(() => expect(linked.told.some((one) => Array.isArray(one) && one[0] === "lost")).toBe(true));
  expect(linked.told).toContainEqual(["lost", { generation: 1, reason: "Max payload size exceeded" }]);
});

test("a request without an answer ends at its deadline and the connection stays", async () => {
  const server = await SocketServer.open();
  server.answer = (message) => (message["method"] === "initialize" ? [{ id: message["id"], result: userAgent }] : []);
  const linked = linkTo(server.endpoint);
  await linked.link.start();
  await ready(linked);
  expect(await outcome(linked.link.request("thread/list", {}, { timeoutMs: 20 }))).toBeInstanceOf(RequestTimeoutError);
  expect(linked.link.state.kind).toBe("ready");
});

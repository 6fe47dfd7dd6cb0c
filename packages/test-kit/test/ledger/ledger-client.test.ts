import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { LedgerClient, tempRoot } from "../../src/index.ts";
import type { LedgerEvent, TempRoot } from "../../src/index.ts";

let root: TempRoot;
let server: http.Server;
let sockets: WebSocketServer;
let stored: LedgerEvent[];
let cursors: (string | null)[];
let ledger: LedgerClient;
let live: WebSocket | undefined;

/** A feed of few lines: pages, frames by cursor, and acknowledgement of every POST. */
beforeEach(async () => {
  root = tempRoot();
  stored = [1, 2, 3].map((seq) => ({ seq, type: "x", data: { n: seq } }));
  cursors = [];
  server = http.createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    const after = Number(url.searchParams.get("after"));
    const events = stored.filter((event) => event.seq > after).slice(0, 2);
    const page = { events, nextAfter: events.at(-1)?.seq ?? after, headSeq: stored.length, oldestSeq: 1, logId: "log" };
    response.statusCode = url.pathname.endsWith("refused") ? 409 : 200;
    response.end(JSON.stringify(request.method === "GET" ? page : { turn: { id: "turn_1" } }));
  });
  sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket, request) => {
    const after = new URL(request.url ?? "", "http://x").searchParams.get("after");
    cursors.push(after);
    live = socket;
    socket.send(JSON.stringify({ type: "hello", logId: "log" }));
    for (const event of stored) if (event.seq > Number(after)) socket.send(JSON.stringify(event));
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ledger = new LedgerClient({ url: () => url, token: () => "t", file: root.join("ledger.jsonl") });
});

afterEach(async () => {
  await ledger.stop();
  sockets.close();
  server.closeAllConnections();
  server.close();
  root.remove();
});

test("it follows, comes back by cursor when cut, and finds nothing wrong", async () => {
  ledger.follow();
  await ledger.waitFor((event) => event.seq === 3);
  stored.push({ seq: 4, type: "x", data: { n: 4 } });
  ledger.follower.cut();
  await ledger.waitFor((event) => event.seq === 4);
  expect(cursors).toEqual(["0", "3"]);
  expect(ledger.controls.map(({ frame }) => frame.type)).toEqual(["hello", "hello"]);
  await ledger.assertConsistent();
});

test("a reply is on disk before it is returned; a refusal is no acknowledgement", async () => {
  await ledger.post("/v1/codexd/turn", {}, { "idempotency-key": "k1" });
  await ledger.post("/v1/codexd/refused");
  const lines = fs.readFileSync(root.join("ledger.jsonl"), "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      acknowledged: {
        method: "POST",
        path: "/v1/codexd/turn",
        status: 200,
        body: { turn: { id: "turn_1" } },
        key: "k1",
      },
    },
  ]);
});

test("a lost acknowledgement and a changed event are told", async () => {
  ledger.follow();
  await ledger.waitFor((event) => event.seq === 3);
  await ledger.post("/v1/codexd/turn");
  stored[1] = { seq: 2, type: "x", data: { n: "changed" } };
  await expect(ledger.assertConsistent()).rejects.toThrow(
    /2 inconsistencies:\n {2}seen otherwise than stored: 2 \(x\)\n {2}acknowledged POST \/v1\/codexd\/turn, but the log has no turn\.accepted of turn_1/,
  );
});

test("waiting for what never comes ends with what was seen", async () => {
  ledger.follow();
  await ledger.waitFor((event) => event.seq === 3);
  await expect(ledger.waitFor((event) => event.seq === 99, 30)).rejects.toThrow(/last seen: 1 x, 2 x, 3 x/);
});

test("a duplicate within a connection is told", async () => {
  ledger.follow();
  await ledger.waitFor((event) => event.seq === 3);
  live?.send(JSON.stringify(stored[2]));
  live?.send(JSON.stringify({ type: "heartbeat", seq: 3 }));
  await expect.poll(() => ledger.controls.length).toBe(2);
  await expect(ledger.assertConsistent()).rejects.toThrow("connection 1: 3 came after 3");
});

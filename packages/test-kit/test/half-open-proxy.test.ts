import { once } from "node:events";
import net from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startHalfOpenProxy } from "../src/index.ts";
import type { HalfOpenProxy } from "../src/index.ts";

let server: net.Server;
let proxy: HalfOpenProxy;
let serverSide: net.Socket;
let client: net.Socket;
let received = "";

beforeEach(async () => {
  received = "";
  server = net.createServer({ allowHalfOpen: true }, (socket) => {
    serverSide = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      received += String(chunk);
      socket.write(`echo ${String(chunk)}`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await startHalfOpenProxy({ port: (server.address() as AddressInfo).port });
  client = net.connect(proxy.port, "127.0.0.1");
  client.on("error", () => undefined);
  await once(client, "connect");
});

afterEach(async () => {
  client.destroy();
  await proxy.stop();
  server.close();
});

async function say(text: string): Promise<string> {
  client.write(text);
  const [chunk] = (await once(client, "data")) as [Buffer];
  return chunk.toString();
}

test("open, it passes bytes both ways", async () => {
  expect(await say("one")).toBe("echo one");
});

test("stalled downwards, the server hears and the client waits; nothing is lost on resume", async () => {
  await say("one");
  proxy.set("stalled", ["down"]);
  let heard = "";
  client.on("data", (chunk) => (heard += String(chunk)));
  client.write("two");
  await expect.poll(() => received).toBe("onetwo");
  expect(heard).toBe("");
  proxy.set("open");
  await expect.poll(() => heard).toBe("echo two");
});

test("lost upwards, bytes vanish and neither end is told", async () => {
  await say("one");
  proxy.set("lost", ["up"]);
  client.write("two");
  serverSide.write("still there");
  const [chunk] = (await once(client, "data")) as [Buffer];
  expect([chunk.toString(), received, client.destroyed, serverSide.destroyed]).toEqual([
    "still there",
    "one",
    false,
    false,
  ]);
});

test("a client that goes while the link is stalled is not seen to go", async () => {
  await say("one");
  proxy.set("stalled");
  client.destroy();
  await once(client, "close");
  expect(serverSide.destroyed).toBe(false);
  serverSide.write("anybody?");
  expect(serverSide.destroyed).toBe(false);
});

test("cut resets both ends, and new connections are taken", async () => {
  await say("one");
  const closed = [client, serverSide].map((socket) => new Promise((done) => socket.once("close", done)));
  proxy.cut();
  await Promise.all(closed);
  client = net.connect(proxy.port, "127.0.0.1");
  await once(client, "connect");
  expect(await say("again")).toBe("echo again");
  expect(proxy.accepted).toBe(2);
});

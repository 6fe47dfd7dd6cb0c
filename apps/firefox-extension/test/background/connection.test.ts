import { randomSecret } from "@baa/contracts/firefox";
import { afterEach, expect, test, vi } from "vitest";
import {
  type AfterHandshake,
  Connection,
  type ConnectionEnd,
  type Credential,
} from "../../src/background/link/connection.ts";
import { cmd, FakeServer, FakeSocket, ID } from "./support/fake-server.ts";

const KEY = randomSecret();
const CLIENT_ID = `ffx_${"a".repeat(32)}`;

const connect = (credential: Credential = { with: "key", secret: KEY }) => {
  const socket = new FakeSocket();
  const stored: string[] = [];
  const frames: AfterHandshake[] = [];
  const order: string[] = [];
  let settle: (end: ConnectionEnd) => void;
  const ended = new Promise<ConnectionEnd>((resolve) => (settle = resolve));
  let open: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const connection = new Connection({
    socket,
    credential,
    clientId: CLIENT_ID,
    backgroundId: "bg",
    info: () =>
      Promise.resolve({ browser: "Firefox 153", os: "linux", extension: "0.1.0", manifest: 3, hasAllSites: true }),
    storeKey: async (key) => {
      await Promise.resolve();
      stored.push(key);
      order.push("stored");
    },
    onOpen: () => {
      order.push("open");
      open();
    },
    onFrame: (frame) => void frames.push(frame),
    onEnd: (end) => settle(end),
  });
  return { socket, server: new FakeServer(socket), connection, stored, frames, order, ended, opened };
};

afterEach(() => void vi.useRealTimers());

test("it proves the key, believes the server's proof, and then hears commands", async () => {
  const { server, socket, connection, opened, frames } = connect();
  socket.receive(server.challenge());
  const hello = await socket.frame("hello");
  expect(hello).toMatchObject({ proto: 1, clientId: CLIENT_ID, with: "key", backgroundId: "bg" });
  expect(hello["mac"]).toBe(await server.mac(KEY, "key", "client"));
  expect(JSON.stringify(hello)).not.toContain(KEY);
  socket.receive(server.welcome(await server.mac(KEY, "key")), cmd("tabs.list"));
  await opened;
  await vi.waitFor(() => expect(frames).toHaveLength(1));
  expect(connection.isOpen).toBe(true);
});

const forged = "m".repeat(43);
const hostile: Record<string, (server: FakeServer) => Promise<object[]>> = {
  "a command instead of a challenge": async () => [cmd("tabs.close")],
  "a forged welcome and a command right behind it": async (server) => [
    server.challenge(),
    server.welcome(forged),
    cmd("tabs.close"),
  ],
  "our own proof sent back": async (server) => {
    server.socket.receive(server.challenge());
    return [server.welcome(await server.mac(KEY, "key", "client")), cmd("tabs.close")];
  },
  "the proof of another key": async (server) => {
    server.socket.receive(server.challenge());
    return [server.welcome(await server.mac(randomSecret(), "key")), cmd("tabs.close")];
  },
  "a welcome without a challenge": async (server) => [server.welcome(forged), cmd("tabs.close")],
  "a command between challenge and welcome": async (server) => {
    server.socket.receive(server.challenge());
    return [cmd("tabs.close"), server.welcome(await server.mac(KEY, "key"))];
  },
  "two challenges": async (server) => [server.challenge(), server.challenge(), cmd("tabs.close")],
  "a key that we did not ask for": async (server) => [
    server.challenge(),
    { t: "paired", mac: forged, key: randomSecret() },
    cmd("tabs.close"),
  ],
  "a type of a newer version": async () => [{ t: "surprise" }, cmd("tabs.close")],
  "no JSON": async () => ["hello?" as unknown as object, cmd("tabs.close")],
};

test.each(Object.keys(hostile))("nothing runs, and it is closed, after %s", async (name) => {
  const { server, socket, ended, frames, stored, order } = connect();
  socket.receive(...(await hostile[name]!(server)));
  const end = await ended;
  expect(end).toMatchObject({ phase: "handshake", code: 0 });
  expect(["impostor", "protocol"]).toContain(end.fault);
  expect(socket.closedBy).toBe(4400);
  socket.receive(cmd("tabs.close"));
  await Promise.resolve();
  expect([frames, stored, order]).toEqual([[], [], []]);
});

test("a wrong proof is an impostor's, not just a mistake", async () => {
  const { server, socket, ended } = connect();
  socket.receive(server.challenge(), server.welcome(forged));
  expect((await ended).fault).toBe("impostor");
});

test("with a code: the key is stored before it opens, and the welcome must prove that key", async () => {
  const code = "12345678";
  const { server, socket, stored, order, opened } = connect({ with: "code", secret: code });
  socket.receive(server.challenge());
  expect(await socket.frame("hello")).toMatchObject({ with: "code" });
  const key = randomSecret();
  socket.receive(
    { t: "paired", mac: await server.mac(code, "code"), key },
    server.welcome(await server.mac(key, "key")),
  );
  await opened;
  expect(stored).toEqual([key]);
  expect(order).toEqual(["stored", "open"]);
});

test("with a code: a key whose sender does not know the code is not stored", async () => {
  const { server, socket, stored, ended } = connect({ with: "code", secret: "12345678" });
  socket.receive(server.challenge());
  const key = randomSecret();
  socket.receive({ t: "paired", mac: await server.mac("87654321", "code"), key });
  expect((await ended).fault).toBe("impostor");
  expect(stored).toEqual([]);
});

test("a version that it does not speak: it says nothing, and tells which the server speaks", async () => {
  const { server, socket, ended } = connect();
  socket.receive(server.challenge([2, 3]));
  expect(await ended).toEqual({ code: 0, fault: "version", phase: "handshake", theirs: [2, 3] });
  expect(socket.sent).toEqual([]);
});

test("nothing is sent before it is open or after its end", async () => {
  const { server, socket, connection, opened, ended } = connect();
  connection.send({ t: "unpair" });
  await server.open(KEY);
  await opened;
  connection.send({ t: "pong", n: 1 });
  socket.end(1001);
  expect(await ended).toEqual({ code: 1001, phase: "open", theirs: [1, 1] });
  connection.send({ t: "pong", n: 2 });
  expect(socket.sent.map(({ t, n }) => [t, n])).toEqual([
    ["hello", undefined],
    ["pong", 1],
  ]);
});

test("open: a handshake frame ends it, an unknown type does not", async () => {
  const { server, socket, opened, ended, frames } = connect();
  await server.open(KEY);
  await opened;
  socket.receive({ t: "surprise" }, { t: "cancel", id: ID }, server.challenge());
  expect((await ended).fault).toBe("protocol");
  expect(frames.map(({ t }) => t)).toEqual(["cancel"]);
});

test("a server that says nothing for 60 s is dropped; one that pings is not", async () => {
  vi.useFakeTimers();
  const { server, socket, opened, ended, connection } = connect();
  await server.open(KEY);
  await opened;
  await vi.advanceTimersByTimeAsync(50_000);
  socket.receive({ t: "ping", n: 1 });
  await vi.advanceTimersByTimeAsync(50_000);
  expect(connection.isOpen).toBe(true);
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await ended).toMatchObject({ fault: "silence", phase: "open" });
});

test("a server that does not finish the handshake is given up; one that never spoke has refused", async () => {
  vi.useFakeTimers();
  const silent = connect();
  const slow = connect();
  slow.socket.receive(slow.server.challenge());
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await silent.ended).toEqual({ code: 0, fault: "slow handshake", phase: "refused" });
  expect(await slow.ended).toMatchObject({ fault: "slow handshake", phase: "handshake" });
});

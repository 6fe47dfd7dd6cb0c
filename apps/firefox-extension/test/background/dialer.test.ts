import { randomSecret } from "@baa/contracts/firefox";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Dialer } from "../../src/background/link/dialer.ts";
import type { ProbeResult } from "../../src/background/link/probe.ts";
import { Settings } from "../../src/background/settings.ts";
import { FakeServer, FakeSocket } from "./support/fake-server.ts";
import { fakeStorage } from "./support/fake-storage.ts";

const KEY = randomSecret();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** One life of a background on this storage, in a world where something answers or does not. */
const begin = async (storage = fakeStorage(), world: { answer: ProbeResult } = { answer: "up" }) => {
  const settings = new Settings(storage);
  const sockets: FakeSocket[] = [];
  const closed: boolean[] = [];
  const awake: boolean[] = [];
  let probes = 0;
  const dialer = new Dialer({
    settings,
    session: storage.session,
    backgroundId: "bg",
    openSocket: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    probe: async () => {
      probes += 1;
      await Promise.resolve();
      return world.answer;
    },
    info: () =>
      Promise.resolve({ browser: "Firefox 153", os: "linux", extension: "0.1.0", manifest: 2, hasAllSites: true }),
    onOpen: () => undefined,
    onFrame: () => undefined,
    onClosed: ({ forgotten }) => void closed.push(forgotten),
    onChange: () => undefined,
    keepAwake: (isWanted) => void awake.push(isWanted),
  });
  await settings.load();
  return { dialer, settings, sockets, closed, awake, world, storage, probes: () => probes };
};

const paired = async (world?: { answer: ProbeResult }) => {
  const storage = fakeStorage();
  storage.local.items.set("key", KEY);
  return begin(storage, world);
};

const socketOf = async (it: Awaited<ReturnType<typeof begin>>, n = 0): Promise<FakeSocket> => {
  for (let tries = 0; it.sockets[n] === undefined && tries < 50; tries += 1) await pass(0);
  return it.sockets[n]!;
};

const open = async (it: Awaited<ReturnType<typeof begin>>, n = 0, key = KEY): Promise<FakeSocket> => {
  const socket = await socketOf(it, n);
  await new FakeServer(socket).open(key);
  await vi.waitFor(async () => {
    await pass(1);
    expect(it.dialer.shows).toEqual({ kind: "connected" });
  });
  return socket;
};

test("a browser that is not paired dials nobody and lets its background sleep", async () => {
  const it = await begin();
  it.dialer.ensureConnected();
  await pass(60_000);
  expect([it.probes(), it.sockets.length, it.awake]).toEqual([0, 0, [false]]);
  expect(it.dialer.shows).toEqual({ kind: "notPaired", why: "never" });
});

test("no socket is opened while nothing answers, and one within 2 s after something does", async () => {
  const it = await paired({ answer: "noAnswer" });
  it.dialer.ensureConnected();
  await pass(60_000);
  expect(it.sockets).toEqual([]);
  expect(it.dialer.shows).toEqual({ kind: "connecting", why: "noAnswer" });
  it.world.answer = "up";
  await pass(1_900);
  expect(it.sockets).toHaveLength(1);
  await open(it);
  expect(it.awake).toEqual([true]);
});

test("a lost connection is dialled again at once", async () => {
  const it = await paired();
  it.dialer.ensureConnected();
  const socket = await open(it);
  await pass(5_000);
  socket.end(1006);
  await socketOf(it, 1);
  expect([it.sockets.length, it.closed]).toEqual([2, [false]]);
  await open(it, 1);
});

test("superseded: it stays away, also as another background of this browser, until the user says so", async () => {
  const it = await paired();
  it.dialer.ensureConnected();
  (await open(it)).end(4409);
  await pass(120_000);
  it.dialer.ensureConnected();
  await pass(120_000);
  expect([it.sockets.length, it.dialer.shows]).toEqual([1, { kind: "superseded" }]);
  const next = await begin(it.storage);
  next.dialer.ensureConnected();
  await pass(120_000);
  expect([next.sockets.length, next.dialer.shows]).toEqual([0, { kind: "superseded" }]);
  next.dialer.connectNow();
  await open(next);
});

test("superseded: another start of the browser dials again", async () => {
  const it = await paired();
  it.dialer.ensureConnected();
  (await open(it)).end(4409);
  await pass(10);
  const next = await begin({ ...it.storage, session: fakeStorage().session });
  next.dialer.ensureConnected();
  await open(next);
});

test("revoked: the key is forgotten, and nobody is dialled", async () => {
  const it = await paired();
  it.dialer.ensureConnected();
  (await open(it)).end(4410);
  await pass(120_000);
  expect(it.dialer.shows).toEqual({ kind: "revoked" });
  expect([it.settings.key, it.storage.local.items.has("key"), it.closed]).toEqual([undefined, false, [true]]);
  expect([it.sockets.length, it.awake.at(-1)]).toEqual([1, false]);
});

test("an impostor: told, the key is kept, and a minute passes before the next try, also in another background", async () => {
  const it = await paired();
  it.dialer.ensureConnected();
  const socket = await socketOf(it);
  const server = new FakeServer(socket);
  socket.receive(server.challenge(), server.welcome("m".repeat(43)));
  await vi.waitFor(async () => {
    await pass(1);
    expect(it.dialer.shows).toEqual({ kind: "impostor" });
  });
  const next = await begin(it.storage);
  next.dialer.ensureConnected();
  await pass(55_000);
  expect([it.sockets.length, next.sockets.length]).toEqual([1, 0]);
  expect(next.dialer.shows).toEqual({ kind: "impostor" });
  await pass(6_000);
  expect(next.sockets).toHaveLength(1);
  expect(next.settings.key).toBe(KEY);
});

test("a key that is refused is kept, and tried again after a minute or when the user says so", async () => {
  const it = await paired();
  it.dialer.ensureConnected();
  (await socketOf(it)).end(4401);
  await pass(59_000);
  expect([it.sockets.length, it.dialer.shows]).toEqual([1, { kind: "connecting", why: "keyRefused" }]);
  it.dialer.connectNow();
  await socketOf(it, 1);
  expect([it.sockets.length, it.settings.key]).toEqual([2, KEY]);
});

const pairingServer = async (socket: FakeSocket, code: string, key: string): Promise<void> => {
  const server = new FakeServer(socket);
  socket.receive(server.challenge());
  socket.receive(
    { t: "paired", mac: await server.mac(code, "code"), key },
    server.welcome(await server.mac(key, "key")),
  );
};

test("a typed code leads to a key", async () => {
  const it = await begin();
  it.dialer.ensureConnected();
  await pass(10);
  const result = it.dialer.pair("12345678");
  await pairingServer(await socketOf(it), "12345678", KEY);
  expect(await result).toBeUndefined();
  expect([it.settings.key, it.dialer.shows]).toEqual([KEY, { kind: "connected" }]);
});

test.each([
  ["a wrong code", (socket: FakeSocket) => socket.end(4401), /did not take this code/],
  ["no door is open", (socket: FakeSocket) => socket.end(1006), /No pairing is open/],
])("a typed code that leads to nothing: %s is told, and not tried again", async (_, end, words) => {
  const it = await begin();
  const result = it.dialer.pair("12345678");
  const socket = await socketOf(it);
  if (words.source.includes("code")) socket.receive(new FakeServer(socket).challenge());
  end(socket);
  expect(await result).toMatch(words);
  await pass(120_000);
  expect([it.sockets.length, it.dialer.shows]).toEqual([1, { kind: "notPaired", why: "never" }]);
});

test("a typed code when nothing answers: told at once", async () => {
  const it = await begin(fakeStorage(), { answer: "noAnswer" });
  expect(await it.dialer.pair("12345678")).toMatch(/Nothing answers at ws:\/\/127\.0\.0\.1:4317/);
});

test("a typed code takes the place of a connection with an older key; a wrong one gives it back", async () => {
  const it = await paired();
  it.dialer.ensureConnected();
  await open(it);
  const result = it.dialer.pair("12345678");
  (await socketOf(it, 1)).end(4401);
  expect(await result).toMatch(/did not take this code/);
  await open(it, 2);
  expect(it.settings.key).toBe(KEY);
});

test("the code of a policy enrols by itself; once", async () => {
  const it = await begin(fakeStorage({ pairingCode: "11112222" }));
  it.dialer.ensureConnected();
  const socket = await socketOf(it);
  expect(it.dialer.shows).toEqual({ kind: "connecting", why: "enrolling" });
  await pairingServer(socket, "11112222", KEY);
  await vi.waitFor(async () => {
    await pass(1);
    expect(it.settings.key).toBe(KEY);
    expect(it.dialer.shows).toEqual({ kind: "connected" }); // the proof of the welcome takes its time, too
  });
  socket.end(4410);
  await pass(120_000);
  expect(it.sockets).toHaveLength(1);
});

test("the code of a policy that does not count is not tried again: it would cost an open door its tries", async () => {
  const it = await begin(fakeStorage({ pairingCode: "11112222" }));
  it.dialer.ensureConnected();
  (await socketOf(it)).end(4401);
  await pass(120_000);
  expect([it.sockets.length, it.dialer.shows]).toEqual([1, { kind: "notPaired", why: "policyRefused" }]);
});

test("the user ends the pairing: conductor is told, the key is gone, nobody is dialled", async () => {
  const it = await paired();
  it.dialer.ensureConnected();
  const socket = await open(it);
  await it.dialer.unpair();
  await pass(120_000);
  expect(socket.sent.at(-1)).toEqual({ t: "unpair" });
  expect([it.settings.key, it.sockets.length, it.closed]).toEqual([undefined, 1, [true]]);
  expect(it.dialer.shows).toEqual({ kind: "notPaired", why: "unpaired" });
});

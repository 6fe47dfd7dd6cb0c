import { randomSecret } from "@baa/contracts/firefox";
import { expect, test, vi } from "vitest";
import { Dialer } from "../../src/background/link/dialer.ts";
import type { ProbeResult } from "../../src/background/link/probe.ts";
import { Settings } from "../../src/background/settings.ts";
import { FakeServer, FakeSocket } from "./support/fake-server.ts";
import { settled } from "./support/fake-background.ts";
import { fakeStorage } from "./support/fake-storage.ts";

const KEY = randomSecret();

/** A paired browser that waits for the answer to its probe; `answer` gives it. */
const probing = async () => {
  const storage = fakeStorage();
  storage.local.items.set("key", KEY);
  const settings = new Settings(storage);
  const sockets: FakeSocket[] = [];
  const probes: ((result: ProbeResult) => void)[] = [];
  const closed: boolean[] = [];
  const world = { socketFault: undefined as string | undefined };
  const dialer = new Dialer({
    settings,
    session: storage.session,
    backgroundId: "bg",
    openSocket: () => {
      if (world.socketFault !== undefined) throw new SyntaxError(world.socketFault);
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    probe: () => new Promise((resolve) => probes.push(resolve)),
    info: () =>
      Promise.resolve({ browser: "Firefox 153", os: "linux", extension: "0.1.0", manifest: 2, hasAllSites: true }),
    onOpen: () => undefined,
    onFrame: () => undefined,
    onClosed: ({ forgotten }) => void closed.push(forgotten),
    onChange: () => undefined,
    keepAwake: () => undefined,
  });
  dialer.ensureConnected();
  const answer = async (n: number) => {
    await vi.waitFor(() => expect(probes.length).toBeGreaterThan(n));
    probes[n]?.("up");
    await settled();
  };
  await vi.waitFor(() => expect(probes).toHaveLength(1));
  return { dialer, sockets, answer, storage, closed, world };
};

test("unpaired while it is looked whether conductor answers: it is not dialled with the key that is forgotten", async () => {
  const { dialer, sockets, answer } = await probing();
  await dialer.unpair();
  await answer(0);
  expect(sockets).toEqual([]);
  expect(dialer.shows).toEqual({ kind: "notPaired", why: "unpaired" });
});

test("a code that is typed while it is looked whether conductor answers is what is used", async () => {
  const { dialer, sockets, answer } = await probing();
  void dialer.pair("12345678");
  await answer(0);
  await answer(1);
  expect(sockets).toHaveLength(1);
  sockets[0]?.receive({ t: "challenge", proto: [1, 1], serverId: "srv", nonce: randomSecret() });
  expect(await sockets[0]?.frame("hello")).toMatchObject({ with: "code" });
});

test("an address that Firefox opens no socket for: told, and the next address is dialled", async () => {
  const { dialer, sockets, answer, world } = await probing();
  world.socketFault = "The WebSocket's URL has a fragment.";
  await answer(0);
  expect(dialer.shows).toEqual({ kind: "connecting", why: "refused" });
  world.socketFault = undefined;
  dialer.redial();
  await answer(1);
  expect(sockets).toHaveLength(1);
});

test("revoked while the disk is full: the key is forgotten, and so is what belongs to it", async () => {
  const { dialer, sockets, answer, storage, closed } = await probing();
  await answer(0);
  await new FakeServer(sockets[0]!).open(KEY);
  await vi.waitFor(() => expect(dialer.shows).toEqual({ kind: "connected" }));
  storage.local.fault = "disk full";
  sockets[0]?.end(4410);
  await vi.waitFor(() => expect(dialer.shows).toEqual({ kind: "revoked" }));
  expect(closed).toEqual([true]);
});

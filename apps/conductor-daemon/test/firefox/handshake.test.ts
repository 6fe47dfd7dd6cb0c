import { randomSecret } from "@baa/contracts/firefox";
import { describe, expect, it, vi } from "vitest";
import { startBridge } from "../support/bridge.ts";
import { CLIENT_ID, OTHER_ID, OTHER_ORIGIN } from "../support/firefox-door.ts";
import { UPGRADE_ATTACKS } from "../support/upgrade-attacks.ts";

describe("a browser that is paired", () => {
  it("proves its key, gets our proof, and what the desk has for it", async () => {
    const { desk, lines, enrol, dial } = await startBridge();
    desk.sites.push({ site: "chatgpt.com", access: "allowed" });
    const key = enrol();
    const browser = dial();
    const welcome = await browser.connect(key);
    expect(browser.ws.protocol).toBe("conductor.firefox.v1");
    expect(welcome).toMatchObject({ heartbeatMs: 15_000, sites: [{ site: "chatgpt.com", access: "allowed" }] });
    expect(welcome.connectionId).toBe(desk.link.connectionId);
    await desk.saw("begin");
    browser.send({ t: "journal", ids: [], methods: ["tabs.list"] });
    await desk.saw("journal");
    browser.ws.close();
    await desk.saw("closed");
    expect(desk.seen).toEqual([`connected ${CLIENT_ID}`, "begin", "journal", "closed"]);
    expect(lines.map(({ event }) => event)).toEqual(["firefox.connected", "firefox.disconnected"]);
  });

  it("is challenged anew each time: what it said before counts for nothing", async () => {
    const { desk, enrol, dial } = await startBridge();
    const key = enrol();
    const first = dial();
    const challenge = await first.next("challenge");
    const hello = await first.hello(challenge, { key });
    first.send(hello);
    await first.next("welcome");
    const second = dial();
    expect((await second.next("challenge")).nonce).not.toBe(challenge.nonce);
    second.send(hello);
    expect(await second.closed).toBe(4401);
    expect(desk.links).toHaveLength(1);
  });
});

describe("a hello is refused", () => {
  const mac = "A".repeat(43);

  it.each([
    ["with a wrong key", async () => ({ key: randomSecret() }), {}],
    ["with a mac of zeros", async (key: string) => ({ key }), { mac }],
    ["for another browser", async (key: string) => ({ key }), { clientId: OTHER_ID }],
    ["with the key proved as a code", async (key: string) => ({ code: key }), {}],
    ["with the key's proof said to be a code's", async (key: string) => ({ key }), { with: "code" as const }],
  ])("%s", async (_name, secret, more) => {
    const { desk, enrol, dial } = await startBridge();
    const key = enrol();
    const browser = dial();
    browser.send(await browser.hello(await browser.next("challenge"), await secret(key), more));
    expect(await browser.closed).toBe(4401);
    expect([desk.seen, browser.unread]).toEqual([[], []]);
  });

  it("with the right key from another Origin, even an enrolled one", async () => {
    const { desk, enrol, dial } = await startBridge();
    const key = enrol();
    enrol({ clientId: OTHER_ID, origin: OTHER_ORIGIN });
    const browser = dial({ origin: OTHER_ORIGIN });
    browser.send(await browser.hello(await browser.next("challenge"), { key }));
    expect(await browser.closed).toBe(4401);
    expect(desk.seen).toEqual([]);
  });

  it("with the proof that the server would give", async () => {
    const { enrol, dial } = await startBridge();
    const key = enrol();
    const victim = dial();
    const challenge = await victim.next("challenge");
    const hello = await victim.hello(challenge, { key });
    victim.send(hello);
    const { mac: ours } = await victim.next("welcome");
    const browser = dial();
    browser.send({ ...(await browser.hello(await browser.next("challenge"), { key })), mac: ours });
    expect(await browser.closed).toBe(4401);
  });

  it("with a key that was revoked while it was proved", async () => {
    const { desk, enrol, dial } = await startBridge({
      door: (door) => {
        let asked = 0;
        return Object.assign(Object.create(door) as typeof door, {
          serverId: door.serverId,
          keyOf: (id: string, origin: string) => (asked++ === 0 ? door.keyOf(id, origin) : undefined),
        });
      },
    });
    const browser = dial();
    const key = enrol();
    browser.send(await browser.hello(await browser.next("challenge"), { key }));
    expect(await browser.closed).toBe(4401);
    expect(desk.seen).toEqual([]);
  });

  it("with a code whose pairing was ended while our answer was made", async () => {
    const { desk, open, dial } = await startBridge({
      door: (door) =>
        Object.assign(Object.create(door) as typeof door, {
          serverId: door.serverId,
          openCodes: (origin: string) => door.openCodes(origin),
          pair: (o: Parameters<typeof door.pair>[0]) => {
            const former = door.pair(o);
            door.pair({ ...o, pairingId: open().id });
            return former;
          },
          keyOf: (id: string, origin: string) => door.keyOf(id, origin),
        }),
    });
    const { code } = open();
    const browser = dial();
    browser.send(await browser.hello(await browser.next("challenge"), { code }));
    expect(await browser.closed).toBe(4401);
    expect([desk.seen, browser.unread]).toEqual([[], []]);
  });

  it("of a version that we do not speak, whatever else it has", async () => {
    const { enrol, dial } = await startBridge();
    const key = enrol();
    const newer = dial();
    newer.send(await newer.hello(await newer.next("challenge"), { key }, { proto: 2 }));
    expect(await newer.closed).toBe(4426);
    const reshaped = dial();
    await reshaped.next("challenge");
    reshaped.sendText('{"t":"hello","proto":2,"who":"me"}');
    expect(await reshaped.closed).toBe(4426);
    const older = dial();
    older.send(await older.hello(await older.next("challenge"), { key }, { proto: 0 }));
    expect(await older.closed).toBe(4426);
  });
});

describe("before its proof nothing counts of a socket", () => {
  it.each<[string, string | Buffer]>([
    ["a command's result", '{"t":"result","id":"cmd_0123456789abcdef0123456789abcdef","ok":true,"replay":false}'],
    ["a pong", '{"t":"pong","n":0}'],
    ["a frame of a newer version", '{"t":"hallo"}'],
    ["the server's own challenge", '{"t":"challenge","proto":[1,1],"serverId":"x","nonce":"y"}'],
    ["a forged welcome", '{"t":"welcome","mac":"x","connectionId":"c","heartbeatMs":1,"sites":[]}'],
    ["a hello without a proof", '{"t":"hello","proto":1}'],
    ["no JSON", "hello"],
    ["JSON that is no frame", "[1,2,3]"],
    ["null", "null"],
    ["nothing", ""],
    ["a hello in binary", Buffer.from('{"t":"hello","proto":1}')],
  ])("%s", async (_name, data) => {
    const { desk, timers, enrol, dial } = await startBridge();
    enrol();
    const browser = dial();
    await browser.next("challenge");
    browser.ws.send(data);
    expect(await browser.closed).toBe(4401);
    expect([desk.seen, browser.unread]).toEqual([[], []]);
    await vi.waitFor(() => expect(timers.size).toBe(0));
  });

  it("not a frame before the challenge, either: the first one is judged", async () => {
    const { enrol, dial } = await startBridge();
    enrol();
    const browser = dial();
    browser.ws.once("open", () => browser.sendText('{"t":"pong","n":0}'));
    expect(await browser.closed).toBe(4401);
  });

  it("not what follows a good hello at once, be it a second one", async () => {
    const { desk, enrol, dial } = await startBridge();
    const key = enrol();
    for (const behind of ['{"t":"journal","ids":[],"methods":[]}', undefined]) {
      const browser = dial();
      const hello = JSON.stringify(await browser.hello(await browser.next("challenge"), { key }));
      browser.sendTogether(hello, behind ?? hello);
      expect(await browser.closed).toBe(4401);
      expect(browser.unread).toEqual([]);
    }
    expect(desk.seen).toEqual([]);
  });

  it("not a hello that is longer than 4 KiB, though it is right", async () => {
    const { desk, enrol, dial } = await startBridge();
    const key = enrol();
    const browser = dial();
    const hello = await browser.hello(await browser.next("challenge"), { key });
    const { length } = JSON.stringify({ ...hello, more: "" });
    browser.sendText(JSON.stringify({ ...hello, more: "x".repeat(4_097 - length) }));
    expect(await browser.closed).toBe(4401);
    expect(desk.seen).toEqual([]);
  });

  it("and one that goes on sending is cut long before a frame is whole", async () => {
    const { enrol, dial } = await startBridge();
    enrol();
    const browser = dial();
    await browser.next("challenge");
    // The head of a frame of 8 MiB, and as much of it as anybody may send without a proof.
    browser.socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0]));
    browser.socket.write("x".repeat(4_096 + 256));
    expect(await browser.closed).toBe(4401);
  });

  it("and one that says nothing for five seconds is closed", async () => {
    const { timers, enrol, dial } = await startBridge();
    enrol();
    const browser = dial();
    await browser.next("challenge");
    timers.pass(4_999);
    browser.ws.ping();
    await new Promise((resolve) => browser.ws.once("pong", resolve));
    expect(browser.ws.readyState).toBe(1);
    timers.pass(1);
    expect(await browser.closed).toBe(4408);
  });

  it("and the oldest of too many is ended for a new one", async () => {
    const { enrol, dial } = await startBridge({ limits: { unprovedMax: 3 } });
    const key = enrol();
    const idle = [];
    for (let n = 0; n < 3; n++) {
      const browser = dial();
      await browser.next("challenge");
      idle.push(browser);
    }
    await dial().connect(key);
    expect([1006, 4408]).toContain(await idle[0]?.closed);
    expect(idle.slice(1).map(({ ws }) => ws.readyState)).toEqual([1, 1]);
    // One that has proved itself is not among them.
    await dial().next("challenge");
    for (const { ws } of idle.slice(1)) {
      ws.ping();
      await new Promise((resolve) => ws.once("pong", resolve));
    }
  });
});

describe("the upgrade", () => {
  it.each(UPGRADE_ATTACKS)("is refused %s", async (_name, options, status) => {
    const { desk, enrol, dial, port } = await startBridge();
    enrol();
    expect(await dial(options(port)).refused()).toBe(status);
    expect(desk.seen).toEqual([]);
  });

  it("chooses our subprotocol among others", async () => {
    const { enrol, dial } = await startBridge();
    const browser = dial({ protocols: ["chat", "conductor.firefox.v1"] });
    await browser.connect(enrol());
    expect(browser.ws.protocol).toBe("conductor.firefox.v1");
  });
});

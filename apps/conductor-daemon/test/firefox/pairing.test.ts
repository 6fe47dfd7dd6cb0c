import { describe, expect, it } from "vitest";
import { startBridge } from "../support/bridge.ts";
import { CLIENT_ID, ORIGIN, OTHER_ID, OTHER_ORIGIN } from "../support/firefox-door.ts";

describe("pairing", () => {
  it("by a code gives a key, which counts from then on; the code does not", async () => {
    const { desk, door, open, dial } = await startBridge();
    const { code } = open({ name: "desk" });
    const key = await dial().pair(code);
    expect(door.keyOf(CLIENT_ID, ORIGIN)).toBe(key);
    await dial().connect(key);
    await desk.saw("begin", 2);
    const again = dial();
    again.send(await again.hello(await again.next("challenge"), { code }));
    expect(await again.closed).toBe(4401);
  });

  it("by a policy's code is settled by the first frame of its browser", async () => {
    const { desk, door, open, dial } = await startBridge();
    const { code } = open({ kind: "policy" });
    const browser = dial();
    await browser.pair(code);
    expect(door.pairings.list()).toHaveLength(1);
    browser.send({ t: "journal", ids: [], methods: [] });
    await desk.saw("journal");
    expect(door.pairings.list()).toEqual([]);
  });

  it("by a policy's code works again for a browser that lost its key on the way, and for no other", async () => {
    const { door, open, dial } = await startBridge();
    const { code } = open({ kind: "policy" });
    const first = dial();
    const lost = await first.pair(code);
    first.ws.terminate();
    open(); // so that the guard lets the other one in
    const thief = dial({ origin: OTHER_ORIGIN });
    thief.send(await thief.hello(await thief.next("challenge"), { code }, { clientId: OTHER_ID }));
    expect(await thief.closed).toBe(4401);
    const key = await dial().pair(code);
    expect(key).not.toBe(lost);
    expect(door.keyOf(CLIENT_ID, ORIGIN)).toBe(key);
  });

  it("by a code that is open no longer is refused at the door", async () => {
    const { clock, open, dial } = await startBridge();
    open();
    clock.nowMs += 120_000;
    expect(await dial().refused()).toBe(403);
  });

  it("by a code that ran out after the door was passed fails", async () => {
    const { door, clock, open, dial } = await startBridge();
    const { code } = open();
    const browser = dial();
    const hello = await browser.hello(await browser.next("challenge"), { code });
    clock.nowMs += 120_000;
    browser.send(hello);
    expect(await browser.closed).toBe(4401);
    expect(door.clients.list()).toEqual([]);
  });

  it("fails with a wrong code; after five the right one is worth nothing, and strangers are refused at the door", async () => {
    const { door, lines, open, dial } = await startBridge();
    const { code } = open();
    const early = dial();
    const challenge = await early.next("challenge");
    const wrong = code === "00000000" ? "00000001" : "00000000";
    for (let n = 1; n <= 5; n++) {
      const browser = dial();
      browser.send(await browser.hello(await browser.next("challenge"), { code: wrong }));
      expect(await browser.closed).toBe(4401);
      expect(door.pairings.list().map(({ triesLeft }) => triesLeft)).toEqual(n === 5 ? [] : [5 - n]);
    }
    early.send(await early.hello(challenge, { code }));
    expect(await early.closed).toBe(4401);
    expect(await dial().refused()).toBe(403);
    expect(door.clients.list()).toEqual([]);
    expect(lines.filter(({ event }) => event === "firefox.refused")).toHaveLength(6);
    expect(JSON.stringify(lines)).not.toContain(code);
  });

  it("by two at once with the same code lets one in", async () => {
    const { door, open, dial } = await startBridge();
    const { code } = open();
    const both = [dial({ origin: ORIGIN }), dial({ origin: OTHER_ORIGIN })] as const;
    const hellos = await Promise.all(
      both.map(async (one, n) =>
        one.hello(await one.next("challenge"), { code }, { clientId: n === 0 ? CLIENT_ID : OTHER_ID }),
      ),
    );
    both.forEach((one, n) => one.send(hellos[n] as never));
    const ends = await Promise.all(
      both.map((one) =>
        one.next("paired").then(
          () => "paired",
          () => one.closed,
        ),
      ),
    );
    expect(new Set(ends)).toEqual(new Set([4401, "paired"]));
    expect(door.clients.list()).toHaveLength(1);
  });

  it("that finds its browser gone is not used up", async () => {
    const { door, desk, open, dial, enrol } = await startBridge();
    const key = enrol({ clientId: OTHER_ID, origin: OTHER_ORIGIN });
    const { code } = open();
    const browser = dial();
    const hello = await browser.hello(await browser.next("challenge"), { code });
    browser.sendTogether(JSON.stringify(hello), '{"t":"tabs","rev":1,"tabs":[]}');
    expect(await browser.closed).toBe(4401);
    await dial({ origin: OTHER_ORIGIN }).connect(key, OTHER_ID);
    await desk.saw("begin");
    expect(door.pairings.list()).toHaveLength(1);
    expect(door.keyOf(CLIENT_ID, ORIGIN)).toBeUndefined();
  });
});

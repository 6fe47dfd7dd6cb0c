import type { ServerFrame } from "@baa/contracts/firefox";
import { describe, expect, it } from "vitest";
import type { FirefoxLink } from "../../src/firefox/bridge.ts";
import { startBridge, type TestBridge } from "../support/bridge.ts";
import { CLIENT_ID, INFO } from "../support/firefox-door.ts";
import type { TestBrowser } from "../support/test-browser.ts";

type Options = Parameters<typeof startBridge>[0];

/** A bridge with one browser that has proved itself. */
const connected = async (o: Options = {}): Promise<TestBridge & { browser: TestBrowser; key: string }> => {
  const bridge = await startBridge(o);
  const key = bridge.enrol();
  const browser = bridge.dial();
  await browser.connect(key);
  await bridge.desk.saw("begin");
  return { ...bridge, browser, key };
};

/** 256 KiB that the browser is told. */
const LONG: ServerFrame = {
  t: "cmd",
  id: "cmd_0123456789abcdef0123456789abcdef",
  method: "tabs.open",
  params: { url: "x".repeat(256 * 1024) },
  effect: "write",
  ttlMs: 1_000,
};

/** Whether what is sent is still taken, by a browser that reads nothing. */
const isOpen = (link: FirefoxLink): boolean => {
  const before = link.bufferedBytes;
  link.send(LONG);
  return link.bufferedBytes > before;
};

const HELLO = JSON.stringify({
  t: "hello",
  proto: 1,
  clientId: CLIENT_ID,
  nonce: "A".repeat(43),
  with: "key",
  mac: "A".repeat(43),
  backgroundId: "bg",
  info: INFO,
});

/** Sends until this much is held back for a browser that reads nothing. */
const fill = async (bridge: TestBridge, bytes: number): Promise<void> => {
  const { link } = bridge.desk;
  for (let n = 0; link.bufferedBytes < bytes; n++) {
    if (n > 1_000) throw new Error("the browser still takes everything");
    link.send(LONG);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe("frames of a browser that has proved itself", () => {
  it("reach the desk in their order; types of a newer version are passed over", async () => {
    const { desk, browser } = await connected();
    browser.sendTogether(
      '{"t":"tabs","rev":1,"tabs":[]}',
      '{"t":"somethingNew","rev":2}',
      '{"t":"tabs","rev":3,"tabs":[],"more":"fields"}',
      '{"t":"evtAck","id":"e"}',
      '{"t":"tabs","rev":4,"tabs":[]}',
    );
    await desk.saw("tabs", 3);
    expect(desk.frames.map((frame) => frame.t === "tabs" && frame.rev)).toEqual([1, 3, 4]);
  });

  it.each<[string, string | Buffer, number]>([
    ["no JSON", "garbage", 1007],
    ["JSON that is no frame", "42", 1007],
    ["a known frame with a wrong field", '{"t":"tabs","rev":"1","tabs":[]}', 1007],
    ["a second hello", HELLO, 1007],
    ["a command's id that is none", '{"t":"accepted","id":"../../etc","dup":false}', 1007],
    ["a frame in binary", Buffer.from('{"t":"tabs","rev":1,"tabs":[]}'), 1003],
    ["text that is no UTF-8", Buffer.from([0xff, 0xfe]), 1007],
    ["more than 8 MiB", "x".repeat(8 * 1024 * 1024 + 1), 1009],
  ])("end the connection when they are %s", async (name, data, code) => {
    const { desk, browser } = await connected();
    browser.ws.send(data, { binary: name.includes("binary") });
    browser.sendText('{"t":"tabs","rev":2,"tabs":[]}');
    expect(await browser.closed).toBe(code);
    await desk.saw("closed");
    expect(desk.frames).toEqual([]);
  });

  it("end it when the desk cannot take one, and say nothing of what was in it", async () => {
    const { desk, lines, browser } = await connected();
    desk.onFrame = () => {
      throw new Error("the disk is full");
    };
    browser.sendText('{"t":"tabs","rev":1,"tabs":[]}');
    expect(await browser.closed).toBe(1011);
    await desk.saw("closed");
    expect(lines.filter(({ level }) => level === "error")).toMatchObject([{ event: "firefox.failed" }]);
  });

  it("count for nothing any more once we close", async () => {
    const { desk, browser } = await connected();
    browser.ws.pause();
    desk.link.close(4410);
    browser.sendText('{"t":"tabs","rev":1,"tabs":[]}');
    browser.ws.resume();
    expect(await browser.closed).toBe(4410);
    await desk.saw("closed");
    expect(desk.frames).toEqual([]);
  });
});

describe("the heartbeat", () => {
  it("asks every 15 seconds, and any frame is an answer", async () => {
    const { desk, timers, browser } = await connected();
    timers.pass(15_000);
    expect(await browser.next("ping")).toEqual({ t: "ping", n: 0 });
    browser.send({ t: "pong", n: 0 });
    for (let n = 1; n < 6; n++) {
      browser.send({ t: "tabs", rev: n, tabs: [] });
      await desk.saw("tabs", n);
      timers.pass(15_000);
      expect(await browser.next("ping")).toEqual({ t: "ping", n });
    }
    expect(desk.frames.some(({ t }) => t === "pong")).toBe(false);
  });

  it("drops a browser that missed two", async () => {
    const { desk, timers, browser } = await connected();
    timers.pass(15_000);
    await browser.next("ping");
    timers.pass(15_000);
    await browser.next("ping");
    timers.pass(14_999);
    expect(browser.ws.readyState).toBe(1);
    timers.pass(1);
    expect(await browser.closed).toBe(1006);
    await desk.saw("closed");
    expect(timers.size).toBe(0);
  });
});

describe("a browser that takes nothing", () => {
  it("shows what it holds back, and tells once when it has taken it", async () => {
    const bridge = await connected();
    const { desk, browser } = bridge;
    browser.ws.pause();
    await fill(bridge, 2 * 1024 * 1024);
    const { link } = desk;
    let told = 0;
    const drained = new Promise<number>((resolve) =>
      link.onceDrained(() => {
        told += 1;
        resolve(link.bufferedBytes);
      }),
    );
    browser.ws.resume();
    expect(await drained).toBeLessThan(1024 * 1024);
    link.send({ t: "ping", n: 0 });
    await new Promise<void>((resolve) => link.onceDrained(resolve));
    expect(told).toBe(1);
  });

  it("for 30 seconds is closed, whatever is added meanwhile", async () => {
    const bridge = await connected();
    const { desk, timers, browser } = bridge;
    browser.ws.pause();
    await fill(bridge, 1024 * 1024);
    timers.pass(5_000); // what was on its way into the kernel is there
    for (let n = 0; n < 5; n++) {
      timers.pass(5_000);
      desk.link.send({ t: "ping", n });
    }
    expect(desk.seen).not.toContain("closed");
    timers.pass(5_000);
    timers.pass(1_000);
    await desk.saw("closed");
    browser.ws.resume();
    expect(await browser.closed).toBe(1006);
    expect(timers.size).toBe(0);
  });

  it("is not asked for pongs that would stand behind what it has not taken", async () => {
    const bridge = await connected({ limits: { heartbeatMs: 1_000 } });
    bridge.browser.ws.pause();
    await fill(bridge, 1024 * 1024);
    bridge.timers.pass(20_000);
    expect(isOpen(bridge.desk.link)).toBe(true);
  });

  it("is given up with 16 MiB unsent", async () => {
    const bridge = await connected({ limits: { unsentBytesMax: 4 * 1024 * 1024 } });
    const { desk, timers, browser } = bridge;
    browser.ws.pause();
    await fill(bridge, 4 * 1024 * 1024 + 1);
    const held = desk.link.bufferedBytes;
    desk.link.send(LONG);
    expect(desk.link.bufferedBytes).toBeLessThan(held + 1024);
    timers.pass(1_000);
    await desk.saw("closed");
    expect(desk.link.bufferedBytes).toBeGreaterThanOrEqual(0);
  });
});

describe("the end", () => {
  it("of the server closes every socket with 1001, proved or not", async () => {
    const { desk, server, browser, dial } = await connected();
    const unproved = dial();
    await unproved.next("challenge");
    const stopped = server.stop();
    expect(await Promise.all([browser.closed, unproved.closed])).toEqual([1001, 1001]);
    await stopped;
    expect(desk.seen.at(-1)).toBe("closed");
  });

  it("of the server does not wait for a browser that does not answer", async () => {
    const { server, timers, browser } = await connected();
    browser.ws.pause();
    const stopped = server.stop();
    await new Promise((resolve) => setImmediate(resolve));
    timers.pass(1_000);
    await stopped;
    browser.ws.resume();
    expect([1001, 1006]).toContain(await browser.closed);
  });

  it("that the desk wants has its code, and the first one counts", async () => {
    const { desk, browser } = await connected();
    desk.link.close(4409);
    desk.link.close(4410);
    expect(await browser.closed).toBe(4409);
    await desk.saw("closed");
    desk.link.send({ t: "ping", n: 0 });
    expect(desk.seen.filter((one) => one === "closed")).toHaveLength(1);
  });

  it("leaves no key and no code in the log", async () => {
    const { lines, browser, key, open, dial } = await connected();
    const { code } = open();
    browser.ws.close();
    await browser.closed;
    const wrong = dial();
    wrong.send(await wrong.hello(await wrong.next("challenge"), { key: `${key.slice(1)}A` }));
    await wrong.closed;
    await dial().pair(code);
    const text = JSON.stringify(lines);
    expect(text).toContain("firefox.refused");
    expect([text.includes(key), text.includes(code)]).toEqual([false, false]);
  });
});

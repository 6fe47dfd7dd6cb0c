import { type BrowserInfo, type ClientFrame, FIREFOX_PATH, type SiteRule } from "@baa/contracts/firefox";
import { createServer, type HttpServer } from "@baa/http";
import { onTestFinished } from "vitest";
import type { FirefoxDesk, FirefoxDoor, FirefoxLink, FirefoxPort } from "../../src/firefox/bridge.ts";
import { FirefoxServer, type FirefoxServerLimits } from "../../src/firefox/firefox-server.ts";
import { openDoor, type TestDoor } from "./firefox-door.ts";
import { ManualTimers } from "./manual-timers.ts";
import { type DialOptions, TestBrowser } from "./test-browser.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [key: string]: unknown;
}

/** What a desk was told, in order, and the last link. */
export class FakeDesk implements FirefoxDesk {
  readonly seen: string[] = [];
  readonly frames: ClientFrame[] = [];
  readonly links: FirefoxLink[] = [];
  readonly sites: SiteRule[] = [];
  onFrame: (frame: ClientFrame) => void = () => {};
  #changed: () => void = () => {};

  connected(o: { clientId: string; info: BrowserInfo; link: FirefoxLink }): FirefoxPort {
    this.links.push(o.link);
    this.#note(`connected ${o.clientId}`);
    return {
      sites: () => this.sites,
      begin: () => this.#note("begin"),
      onFrame: (frame) => {
        this.frames.push(frame);
        this.onFrame(frame);
        this.#note(frame.t);
      },
      onClosed: () => this.#note("closed"),
    };
  }

  get link(): FirefoxLink {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error("nobody is connected");
    return link;
  }

  /** Resolves when it has been told this for the nth time. */
  async saw(what: string, times = 1): Promise<void> {
    while (this.seen.filter((one) => one === what).length < times) {
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  #note(what: string): void {
    this.seen.push(what);
    this.#changed();
  }
}

export interface TestBridge extends TestDoor {
  readonly desk: FakeDesk;
  readonly timers: ManualTimers;
  readonly lines: LogLine[];
  readonly server: HttpServer;
  readonly port: number;
  readonly dial: (o?: DialOptions) => TestBrowser;
}

/** `/ws/firefox` over a real server, a real store and a fake desk; its timers are the test's. */
export const startBridge = async (
  o: { limits?: Partial<FirefoxServerLimits>; door?: (door: FirefoxDoor) => FirefoxDoor } = {},
): Promise<TestBridge> => {
  const opened = await openDoor();
  const desk = new FakeDesk();
  const timers = new ManualTimers();
  const lines: LogLine[] = [];
  const log = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  const logger = { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
  const firefox = new FirefoxServer({
    door: o.door?.(opened.door) ?? opened.door,
    desk,
    logger: logger as never,
    after: timers.after,
    ...(o.limits === undefined ? {} : { limits: o.limits }),
  });
  const server = createServer({
    routes: {},
    handlers: {},
    feeds: {},
    sockets: { [FIREFOX_PATH]: firefox },
    guard: { surfaces: [], credentials: [], admits: (origin) => opened.door.admits(origin) },
    logger,
    version: "test",
  });
  await server.start({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.stop(0));
  const { port } = server.address();
  return { ...opened, desk, timers, lines, server, port, dial: (more) => new TestBrowser(port, more) };
};

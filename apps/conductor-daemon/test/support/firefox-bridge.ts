import path from "node:path";
import type { CreateFirefoxCommand } from "@baa/contracts";
import type { ClientFrame, ServerFrame } from "@baa/contracts/firefox";
import { onTestFinished } from "vitest";
import type { FirefoxLink, FirefoxPort } from "../../src/firefox/bridge.ts";
import { FirefoxBridge } from "../../src/firefox/firefox-bridge.ts";
import { CLIENT_ID, INFO, ORIGIN } from "./firefox-door.ts";
import { ManualTimers } from "./manual-timers.ts";
import { eventsOf, openStore, type TestStore } from "./store.ts";
import { tempDir } from "./temp-dir.ts";

/** A connection without a socket: what was sent to the browser, and how it ended. */
export class FakeLink implements FirefoxLink {
  readonly connectionId: string;
  readonly sent: ServerFrame[] = [];
  /** What the browser has not taken. */
  bufferedBytes = 0;
  closedWith: number | undefined;
  #drained: (() => void)[] = [];

  constructor(connectionId: string) {
    this.connectionId = connectionId;
  }

  send(frame: ServerFrame): void {
    if (this.closedWith === undefined) this.sent.push(frame);
  }

  onceDrained(listener: () => void): void {
    this.#drained.push(listener);
  }

  close(code: number): void {
    this.closedWith ??= code;
  }

  drain(): void {
    this.bufferedBytes = 0;
    for (const listener of this.#drained.splice(0)) listener();
  }

  /** Frames of one type, in order. */
  of<T extends ServerFrame["t"]>(t: T): Extract<ServerFrame, { t: T }>[] {
    return this.sent.filter((frame): frame is Extract<ServerFrame, { t: T }> => frame.t === t);
  }
}

/** A browser's connection to the desk. */
export interface TestPeer {
  readonly link: FakeLink;
  readonly port: FirefoxPort;
  /** What the browser says. */
  readonly say: (...frames: ClientFrame[]) => void;
  readonly hangUp: () => void;
}

export interface TestBridge extends TestStore {
  readonly bridge: FirefoxBridge;
  readonly clock: { nowMs: number };
  readonly timers: ManualTimers;
  readonly resultsDir: string;
  /** What ended, as `method state`. */
  readonly ended: string[];
  /** Pairs a browser at the door. */
  readonly enrol: (o?: { clientId?: string; origin?: string }) => string;
  /** Connects a browser and sends its journal, unless `journal` is null. */
  readonly connect: (o?: { clientId?: string; journal?: string[] | null }) => TestPeer;
  /** Allows a site. */
  readonly allow: (site: string, clientId?: string) => void;
  /** Asks for a command and gives its id. */
  readonly ask: (asked?: Partial<CreateFirefoxCommand>) => string;
  /** Lets time pass on both clocks. */
  readonly pass: (ms: number) => void;
  /** Events of a type, their data. */
  readonly told: (type: string) => unknown[];
}

const START_MS = Date.parse("2026-11-26T10:00:00.000Z");

/** The whole bridge over a store on disk, without sockets. `of`: another life on the same files. */
export const openBridge = async (of?: TestBridge): Promise<TestBridge> => {
  const opened = await openStore(of?.file);
  const { store, outbox } = opened;
  const clock = of?.clock ?? { nowMs: START_MS };
  const timers = new ManualTimers();
  const resultsDir = of?.resultsDir ?? path.join(tempDir(), "firefox");
  const ended: string[] = [];
  let made = of === undefined ? 0 : 1_000;
  let monoMs = 0;
  const bridge = new FirefoxBridge({
    store,
    outbox,
    resultsDir,
    logger: SILENT,
    nowMs: () => clock.nowMs,
    monoMs: () => monoMs,
    newId: (prefix) => prefix + (made++).toString(16).padStart(32, "0"),
    after: timers.after,
    onEnded: (method, state) => ended.push(`${method} ${state}`),
    onFrame: () => undefined,
  });
  bridge.start();
  onTestFinished(() => bridge.stop());
  const asked = { method: "page.info", params: {}, ttlMs: 60_000, waitMs: 0, ifConnected: false };
  return {
    ...opened,
    bridge,
    clock,
    timers,
    resultsDir,
    ended,
    enrol: ({ clientId = CLIENT_ID, origin = ORIGIN } = {}) => {
      const { id } = store.write(() => bridge.door.pairings.create({ kind: "code" }));
      bridge.door.pair({ pairingId: id, clientId, origin, info: INFO });
      return clientId;
    },
    connect: ({ clientId = CLIENT_ID, journal = [] } = {}) => {
      const link = new FakeLink(`conn_${made++}`);
      const port = bridge.desk.connected({ clientId, info: INFO, link });
      port.begin();
      const say = (...frames: ClientFrame[]): void => frames.forEach((frame) => port.onFrame(frame));
      if (journal !== null) say({ t: "journal", ids: journal, methods: ["page.info"] });
      return { link, port, say, hangUp: () => port.onClosed() };
    },
    allow: (site, clientId) => {
      const body = { site, access: "allowed", ...(clientId === undefined ? {} : { clientId }) } as const;
      store.write(() => bridge.setSite(body, "test"));
    },
    ask: (more) => store.write(() => bridge.requests.create({ ...asked, ...more }, "test")).id,
    pass: (ms) => {
      clock.nowMs += ms;
      monoMs += ms;
      timers.pass(ms);
    },
    told: (type) => eventsOf(outbox).flatMap((event) => (event["type"] === type ? [event["data"]] : [])),
  };
};

const quiet = (): void => {};
const SILENT = { debug: quiet, info: quiet, warn: quiet, error: quiet } as unknown as ConstructorParameters<
  typeof FirefoxBridge
>[0]["logger"];

/** The result of a command, as a browser sends it. */
export const resultOf = (id: string, value: unknown): ClientFrame => ({
  t: "result",
  id,
  ok: true,
  value,
  replay: false,
});

/** Its error. */
export const errorOf = (
  id: string,
  code: string,
  o: { outcome?: "notDone" | "done" | "unknown"; site?: string } = {},
): ClientFrame => ({
  t: "result",
  id,
  ok: false,
  error: { code, message: `It was ${code}.`, outcome: "notDone", ...o },
  replay: false,
});

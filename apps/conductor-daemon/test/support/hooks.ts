import fs from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { Deliveries } from "../../src/hooks/deliveries.ts";
import { HookDispatcher } from "../../src/hooks/dispatcher.ts";
import { HookService } from "../../src/hooks/hook-service.ts";
import { HooksFile } from "../../src/hooks/hooks-file.ts";
import { HookSender, type SenderOptions } from "../../src/hooks/sender.ts";
import { hooksJson } from "./hook-target.ts";
import { openStore, type TestStore } from "./store.ts";
import { tempDir } from "./temp-dir.ts";

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface TestHooks extends TestStore {
  readonly service: HookService;
  readonly deliveries: Deliveries;
  readonly dispatcher: HookDispatcher;
  /** Appends an event as the follower does. Returns its number. */
  readonly tell: (type: string, more?: object) => number;
  /** Time passes: what is due by then is sent. */
  readonly pass: (ms: number) => void;
  readonly states: (hook: string) => string[];
}

let ids = 0;

/** Hooks on a store; `file` goes on with the store of former ones. */
export async function openHooks(
  urls: Readonly<Record<string, string>>,
  o: { file?: string; more?: object; resolve?: SenderOptions["resolve"]; ownPorts?: readonly number[] } = {},
): Promise<TestHooks> {
  const opened = await openStore(o.file);
  const { store, outbox } = opened;
  const place = path.join(tempDir(), "hooks.json");
  fs.writeFileSync(place, hooksJson(urls, o.more), { mode: 0o600 });
  const hooksFile = new HooksFile({ path: place, mustExist: true, nowMs: () => 0, onFault: () => {} });
  hooksFile.load();
  let offsetMs = 0;
  const nowMs = (): number => Date.now() + offsetMs;
  const newId = (): string => `dlv_${(ids += 1).toString(16).padStart(32, "0")}`;
  const deliveries = new Deliveries(store, { newId, nowMs });
  const sender = new HookSender({
    ownPorts: () => new Set(o.ownPorts ?? []),
    version: "test",
    nowMs: Date.now,
    ...(o.resolve === undefined ? {} : { resolve: o.resolve }),
  });
  const dispatcher = new HookDispatcher({
    store,
    outbox,
    deliveries,
    file: hooksFile,
    sender,
    logger: QUIET as never,
    nowMs,
    random: () => 0,
    onAttempt: () => {},
  });
  const now = (): string => new Date(nowMs()).toISOString();
  const service = new HookService({ store, outbox, deliveries, file: hooksFile, dispatcher, now });
  dispatcher.start();
  onTestFinished(() => dispatcher.stop());
  return {
    ...opened,
    service,
    deliveries,
    dispatcher,
    tell: (type, more = {}) => store.write(() => outbox.append({ at: now(), type, data: {}, ...more })),
    pass: (ms) => {
      offsetMs += ms;
      for (const hook of Object.keys(urls)) dispatcher.wake(hook);
    },
    states: (hook) => deliveries.list(hook, { limit: 100 }).deliveries.map(({ state }) => state),
  };
}

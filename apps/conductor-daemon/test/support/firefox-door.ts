import type { FirefoxPairing } from "@baa/contracts";
import type { BrowserInfo } from "@baa/contracts/firefox";
import { createId } from "@baa/process";
import { Door } from "../../src/firefox/door.ts";
import { openStore, type TestStore } from "./store.ts";

export const ORIGIN = "moz-extension://0a6a9e4c-3f0f-4e8e-9d3c-0123456789ab";
export const OTHER_ORIGIN = "moz-extension://ffffffff-3f0f-4e8e-9d3c-0123456789ab";
export const CLIENT_ID = "ffx_0123456789abcdef0123456789abcdef";
export const OTHER_ID = "ffx_ffffffffffffffffffffffffffffffff";
export const INFO: BrowserInfo = {
  browser: "Firefox 153.7",
  os: "linux",
  extension: "0.1.0",
  manifest: 2,
  hasAllSites: true,
};

export interface TestDoor extends TestStore {
  readonly door: Door;
  /** The wall clock of the door. */
  readonly clock: { nowMs: number };
  readonly open: (o?: { kind?: "code" | "policy"; name?: string }) => FirefoxPairing & { code: string };
  /** Pairs at the door itself, and gives the key. */
  readonly enrol: (o?: { clientId?: string; origin?: string; name?: string }) => string;
}

/** A door over a store on disk. */
export const openDoor = async (file?: string): Promise<TestDoor> => {
  const opened = await openStore(file);
  const { store, outbox } = opened;
  const clock = { nowMs: Date.parse("2026-11-26T10:00:00.000Z") };
  const door = new Door({ store, outbox, nowMs: () => clock.nowMs, newId: createId });
  const open: TestDoor["open"] = ({ kind = "code", name } = {}) => {
    const made = store.write(() => door.pairings.create({ kind, ...(name === undefined ? {} : { name }) }));
    if (made.code === undefined) throw new Error("a new pairing has no code");
    return { ...made, code: made.code };
  };
  const enrol: TestDoor["enrol"] = ({ clientId = CLIENT_ID, origin = ORIGIN, name } = {}) => {
    const { id } = open(name === undefined ? {} : { name });
    const key = door.pair({ pairingId: id, clientId, origin, info: INFO });
    if (key === undefined) throw new Error("the pairing is gone");
    return key;
  };
  return { ...opened, door, clock, open, enrol };
};

import path from "node:path";
import { onTestFinished } from "vitest";
import { Outbox } from "../../src/store/outbox.ts";
import { Store } from "../../src/store/store.ts";
import { tempDir } from "./temp-dir.ts";

export const NOW = "2026-11-26T10:00:00.000Z";

export interface TestStore {
  readonly file: string;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly fatal: Error[];
}

/** A store on disk; `file` opens the same one again. */
export const openStore = async (file = path.join(tempDir(), "conductor.sqlite")): Promise<TestStore> => {
  const fatal: Error[] = [];
  const store = await Store.open({ path: file, holder: "test", now: () => NOW, onFatal: (error) => fatal.push(error) });
  onTestFinished(() => store.close());
  return { file, store, outbox: new Outbox(store, { newLogId: () => "out_test" }), fatal };
};

/** Everything in the feed, parsed. */
export const eventsOf = (outbox: Outbox, after = 0): Record<string, unknown>[] =>
  outbox
    .read(after, { maxRecords: 1000, maxBytes: 1_000_000 })
    .frames.map(({ bytes }) => JSON.parse(bytes.toString()) as Record<string, unknown>);

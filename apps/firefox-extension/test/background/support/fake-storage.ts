import type { Storage, StorageArea } from "../../../src/background/storage.ts";

/** An area of `browser.storage`: asynchronous, and nothing in it is shared with whoever put it there. */
export class FakeArea implements StorageArea {
  readonly items = new Map<string, unknown>();
  /** Why every write fails, like a full disk. */
  fault: string | undefined;

  async get(keys: string | string[]): Promise<Record<string, unknown>> {
    await Promise.resolve();
    const found = [keys].flat().filter((key) => this.items.has(key));
    return Object.fromEntries(found.map((key) => [key, structuredClone(this.items.get(key))]));
  }

  async set(items: Record<string, unknown>): Promise<void> {
    const copy = structuredClone(items);
    await Promise.resolve();
    if (this.fault !== undefined) throw new Error(this.fault);
    for (const [key, value] of Object.entries(copy)) this.items.set(key, value);
  }

  async remove(keys: string | string[]): Promise<void> {
    await Promise.resolve();
    if (this.fault !== undefined) throw new Error(this.fault);
    for (const key of [keys].flat()) this.items.delete(key);
  }
}

/** `managed`: what a policy says; without one Firefox rejects. */
export const fakeStorage = (managed?: Record<string, unknown>): Storage & { local: FakeArea; session: FakeArea } => ({
  local: new FakeArea(),
  session: new FakeArea(),
  managed: {
    get: async () => {
      await Promise.resolve();
      if (managed === undefined) throw new Error("Managed storage manifest not found");
      return managed;
    },
  },
});

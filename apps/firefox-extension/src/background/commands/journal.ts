import { type FirefoxError, FirefoxError as FirefoxErrorSchema } from "@baa/contracts/firefox";
import * as z from "zod/mini";
import type { StorageArea } from "../storage.ts";

/** How a command ended. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: FirefoxError };

const JournalEntry = z.object({
  id: z.string(),
  method: z.string(),
  effect: z.enum(["read", "write"]),
  /** Whether a page does it, whatever becomes of the background. */
  isInPage: z.boolean(),
  /** That page's tab, once it is known. */
  tabId: z.optional(z.int()),
  state: z.enum(["started", "done"]),
});
export type JournalEntry = z.infer<typeof JournalEntry>;

const StoredOutcome = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: FirefoxErrorSchema }),
]);

/** The entries, without their outcomes, which can be large: each of those has a key of its own. */
const INDEX = "journal";
const outcomeKey = (id: string) => `outcome:${id}`;

/** An outcome of a read that is acknowledged sooner never sees the disk; what is forgotten leaves it so much later. */
const LATER_MS = 2_000;

/** Changes that go to disk together. */
interface Batch {
  readonly items: Record<string, unknown>;
  /** Count in memory when they are on disk. */
  readonly changes: Map<string, JournalEntry>;
  readonly written: Promise<void>;
}

/**
 * What this browser has begun and not yet been told to forget. On disk: a write as `started` before any effect and as
 * `done` with its outcome before that is sent. A read needs less, since doing it again is the same: only its outcome is
 * written down, and only when it is not acknowledged soon.
 */
export class Journal {
  readonly #store: StorageArea;
  readonly #entries = new Map<string, JournalEntry>();
  /** Outcomes of reads that are not on disk, and those that are being written. */
  #held = new Map<string, Outcome>();
  #late = new Map<string, Outcome>();
  readonly #finishing = new Set<string>();
  readonly #gone = new Set<string>();
  #loaded: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #batch: Batch | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(store: StorageArea) {
    this.#store = store;
  }

  /** Reads what an earlier background left; once. */
  load(): Promise<void> {
    return (this.#loaded ??= this.#load());
  }

  async #load(): Promise<void> {
    const { [INDEX]: index } = await this.#store.get(INDEX);
    for (const one of Array.isArray(index) ? index : []) {
      const entry = JournalEntry.safeParse(one);
      if (entry.success) this.#entries.set(entry.data.id, entry.data);
    }
  }

  get(id: string): JournalEntry | undefined {
    return this.#entries.get(id);
  }

  entries(): readonly JournalEntry[] {
    return [...this.#entries.values()];
  }

  /** Resolves when it may be done. */
  async start(entry: Omit<JournalEntry, "state">): Promise<void> {
    this.#entries.set(entry.id, { ...entry, state: "started" });
    if (entry.effect === "write") await this.#write({});
  }

  /** Resolves when the page may be asked. */
  async claimTab(id: string, tabId: number): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.tabId === tabId) return;
    this.#entries.set(id, { ...entry, tabId });
    await this.#write({});
  }

  /** Resolves when the outcome may be sent; with false when the command has ended already, or is not known. */
  async finish(id: string, outcome: Outcome): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.state === "done" || this.#finishing.has(id)) return false;
    const done: JournalEntry = { ...entry, state: "done" };
    if (entry.effect === "read") {
      this.#held.set(id, outcome);
      this.#entries.set(id, done);
      this.#tidyLater();
      return true;
    }
    this.#finishing.add(id);
    try {
      await this.#write({ [outcomeKey(id)]: outcome }, done);
    } finally {
      this.#finishing.delete(id);
    }
    return this.#entries.has(id);
  }

  /** Of an entry that is done. */
  async outcome(id: string): Promise<Outcome | undefined> {
    const held = this.#held.get(id) ?? this.#late.get(id);
    if (held !== undefined) return held;
    const { [outcomeKey(id)]: stored } = await this.#store.get(outcomeKey(id));
    const outcome = StoredOutcome.safeParse(stored);
    return outcome.success ? outcome.data : undefined;
  }

  /** Nobody will ask for it again. It leaves the disk soon. */
  forget(id: string): void {
    if (!this.#entries.delete(id) || this.#held.delete(id)) return;
    this.#gone.add(outcomeKey(id));
    this.#tidyLater();
  }

  /** The pairing has ended: nobody will ask for any. */
  async forgetAll(): Promise<void> {
    for (const id of this.#entries.keys()) this.#gone.add(outcomeKey(id));
    this.#entries.clear();
    this.#held.clear();
    await this.#write({});
  }

  #tidyLater(): void {
    if (this.#later !== undefined) return;
    this.#later = setTimeout(() => {
      this.#later = undefined;
      this.#tidy().catch(() => this.#tidyLater()); // the disk is full: nothing is lost, it stays in memory
    }, LATER_MS);
  }

  /** Writes the outcomes that nobody has acknowledged, and removes what is forgotten. */
  async #tidy(): Promise<void> {
    if (this.#held.size === 0 && this.#gone.size === 0) return;
    const late = this.#held;
    this.#late = late;
    this.#held = new Map();
    try {
      await this.#write(Object.fromEntries([...late].map(([id, outcome]) => [outcomeKey(id), outcome])));
    } catch (error) {
      for (const [id, outcome] of late) if (this.#entries.has(id)) this.#held.set(id, outcome);
      throw error;
    } finally {
      this.#late = new Map();
    }
    if (this.#held.size > 0 || this.#gone.size > 0) this.#tidyLater();
  }

  /** One transaction after the other; what comes while one is going on shares the next. */
  #write(items: Record<string, unknown>, change?: JournalEntry): Promise<void> {
    const batch = (this.#batch ??= this.#openBatch());
    Object.assign(batch.items, items);
    if (change !== undefined) batch.changes.set(change.id, change);
    return batch.written;
  }

  #openBatch(): Batch {
    const batch = { items: {}, changes: new Map<string, JournalEntry>(), written: Promise.resolve() };
    batch.written = this.#writing.then(() => {
      this.#batch = undefined;
      return this.#commit(batch);
    });
    this.#writing = batch.written.catch(() => undefined); // whoever waits for it is told
    return batch;
  }

  async #commit({ items, changes }: Batch): Promise<void> {
    const gone = [...this.#gone];
    const entries = this.entries().map((entry) => changes.get(entry.id) ?? entry);
    const index = entries.filter(
      ({ id, effect, state }) => effect === "write" || (state === "done" && !this.#held.has(id)),
    );
    for (const key of gone) delete items[key]; // forgotten while it waited
    // First: what the index does not name would stay for ever.
    if (gone.length > 0) await this.#store.remove(gone);
    await this.#store.set({ ...items, [INDEX]: index });
    for (const key of gone) this.#gone.delete(key);
    for (const [id, change] of changes) if (this.#entries.has(id)) this.#entries.set(id, change);
  }
}

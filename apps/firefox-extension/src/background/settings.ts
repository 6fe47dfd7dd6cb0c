import { FIREFOX_DEFAULT_URL, FirefoxClientId } from "@baa/contracts/firefox";
import * as z from "zod/mini";
import type { NotPairedWhy } from "../shared/popup-messages.ts";
import { randomHex, type Storage } from "./storage.ts";

/** Why there is no key. */
export type NoKeyWhy = NotPairedWhy | "revoked";

const Stored = z.object({
  clientId: z.optional(FirefoxClientId),
  key: z.optional(z.string()),
  noKeyWhy: z.optional(z.enum(["never", "unpaired", "policyRefused", "revoked"])),
  url: z.optional(z.string()),
  isPaused: z.optional(z.boolean()),
  /** The code of the policy that needs not be tried again: it was used, or refused. */
  spentPolicyCode: z.optional(z.string()),
});
type Stored = z.infer<typeof Stored>;
const STORED_KEYS = Object.keys(Stored.shape);
const Managed = z.object({ url: z.optional(z.string()), pairingCode: z.optional(z.string()) });

/** Whether it can be dialled: `ws://` or `wss://`. */
export const isSocketUrl = (url: string): boolean => URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol);

/** What outlives the background: who we are, the key, where conductor is, whether the user has paused. */
export class Settings {
  readonly #storage: Storage;
  #stored: Stored = {};
  #managed: z.infer<typeof Managed> = {};
  #loaded: Promise<void> | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Reads it once; all else needs it. */
  load(): Promise<void> {
    return (this.#loaded ??= this.#load());
  }

  async #load(): Promise<void> {
    const [local, managed] = await Promise.all([
      this.#storage.local.get(STORED_KEYS),
      // Firefox rejects when no policy names this extension.
      this.#storage.managed.get(Object.keys(Managed.shape)).catch(() => ({})),
    ]);
    const stored = Stored.safeParse(local);
    this.#stored = stored.success ? stored.data : {};
    const policy = Managed.safeParse(managed);
    this.#managed = policy.success ? policy.data : {};
    if (this.#stored.clientId === undefined) await this.#set({ clientId: `ffx_${randomHex()}` });
  }

  get clientId(): string {
    return this.#stored.clientId ?? "";
  }

  get key(): string | undefined {
    return this.#stored.key;
  }

  get noKeyWhy(): NoKeyWhy {
    return this.#stored.noKeyWhy ?? "never";
  }

  get isPaused(): boolean {
    return this.#stored.isPaused ?? false;
  }

  get isUrlManaged(): boolean {
    return this.#managed.url !== undefined && isSocketUrl(this.#managed.url);
  }

  get url(): string {
    if (this.isUrlManaged) return this.#managed.url!;
    return this.#stored.url ?? FIREFOX_DEFAULT_URL;
  }

  /** The code of the policy, while it is worth a try: without a key, and not tried before. */
  get policyCode(): string | undefined {
    const code = this.#managed.pairingCode;
    return this.key === undefined && code !== this.#stored.spentPolicyCode ? code : undefined;
  }

  /** A new key; what the policy holds has done its work then. */
  setKey(key: string): Promise<void> {
    return this.#set({ key, noKeyWhy: undefined, spentPolicyCode: this.#managed.pairingCode });
  }

  forgetKey(why: NoKeyWhy): Promise<void> {
    return this.#set({ key: undefined, noKeyWhy: why, spentPolicyCode: this.#managed.pairingCode });
  }

  /** Its code does not count: it costs every open pairing a try, so it is not tried again. */
  refusePolicyCode(): Promise<void> {
    return this.#set({ noKeyWhy: "policyRefused", spentPolicyCode: this.#managed.pairingCode });
  }

  setPaused(isPaused: boolean): Promise<void> {
    return this.#set({ isPaused });
  }

  /** undefined: the default again. */
  setUrl(url: string | undefined): Promise<void> {
    return this.#set({ url });
  }

  async #set(change: { [K in keyof Stored]?: Stored[K] | undefined }): Promise<void> {
    const entries = Object.entries(change);
    const kept = Object.entries({ ...this.#stored, ...change }).filter(([, value]) => value !== undefined);
    this.#stored = Object.fromEntries(kept) as Stored;
    const gone = entries.filter(([, value]) => value === undefined).map(([name]) => name);
    await this.#storage.local.set(Object.fromEntries(entries.filter(([, value]) => value !== undefined)));
    if (gone.length > 0) await this.#storage.local.remove(gone);
  }
}

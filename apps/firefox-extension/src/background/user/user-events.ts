import { type ClientFrameOf, FIREFOX_LIMITS } from "@baa/contracts/firefox";
import { type CommandLink } from "../commands/commands.ts";
import { sendPaced } from "../commands/results.ts";
import { randomHex, type StorageArea } from "../storage.ts";

export type UserEvent = ClientFrameOf<"evt">;

/** Characters of a page or selection; more is cut off. A page can make its title and its address as long as it likes. */
const TEXT_CHARS = FIREFOX_LIMITS.inlineResultChars;
const TITLE_CHARS = 1_024;
const URL_CHARS = 8_192;
/** Ids, oldest first; each event has a key of its own. */
const INDEX = "events";
const eventKey = (id: string) => `event:${id}`;

/** What the user sends to conductor: kept on disk until conductor has it. */
export class UserEvents {
  readonly #store: StorageArea;
  #ids: string[] = [];
  #loaded: Promise<void> | undefined;
  #link: CommandLink | undefined;

  constructor(store: StorageArea) {
    this.#store = store;
  }

  load(): Promise<void> {
    return (this.#loaded ??= this.#store.get(INDEX).then(({ [INDEX]: ids }) => {
      this.#ids = Array.isArray(ids) ? ids.map(String) : [];
    }));
  }

  /** How many conductor has not taken yet. */
  get waiting(): number {
    return this.#ids.length;
  }

  /** Resolves when it is kept. @returns why it is not, or undefined. */
  async add(event: Omit<UserEvent, "t" | "id" | "at">): Promise<string | undefined> {
    await this.load();
    if (this.#ids.length >= FIREFOX_LIMITS.userEventsMax) {
      return `${this.#ids.length} things wait for conductor already; nothing more is kept until it takes them.`;
    }
    const id = `uev_${randomHex()}`;
    const frame: UserEvent = {
      t: "evt",
      id,
      kind: event.kind,
      at: new Date().toISOString(),
      url: event.url.slice(0, URL_CHARS),
      title: event.title.slice(0, TITLE_CHARS),
      text: event.text.slice(0, TEXT_CHARS),
    };
    this.#ids.push(id);
    try {
      await this.#store.set({ [INDEX]: this.#ids, [eventKey(id)]: frame });
    } catch (error) {
      this.#ids = this.#ids.filter((one) => one !== id);
      const why = error instanceof Error ? error.message : String(error);
      return `Firefox could not write it down, so it is not kept: ${why}`;
    }
    this.#link?.send(frame);
    return undefined;
  }

  /** Conductor has it. */
  async acknowledge(id: string): Promise<void> {
    await this.load();
    this.#ids = this.#ids.filter((one) => one !== id);
    // First: what the index does not name would stay for ever.
    await this.#store.remove(eventKey(id));
    await this.#store.set({ [INDEX]: this.#ids });
  }

  /** Sends all that wait. */
  async connect(link: CommandLink): Promise<void> {
    this.#link = link;
    await this.load();
    for (const id of this.#ids.slice()) {
      const { [eventKey(id)]: frame } = await this.#store.get(eventKey(id));
      if (frame === undefined) await this.acknowledge(id);
      else await sendPaced(link, [frame as UserEvent]);
      if (!link.isOpen) return;
    }
  }

  disconnect(): void {
    this.#link = undefined;
  }

  /** The pairing has ended: what was meant for its conductor goes to no other. */
  async forgetAll(): Promise<void> {
    await this.load();
    const ids = this.#ids.splice(0);
    await this.#store.remove(ids.map(eventKey));
    await this.#store.set({ [INDEX]: this.#ids });
  }
}

import type { FeedEvent, FirefoxEventData } from "@baa/contracts";
import type { FollowOptions } from "@baa/client";
import type { Service } from "../service.ts";
import type { Chunk } from "./stream-text.ts";

type ChunkData = FirefoxEventData["firefox.command.chunk"];

export interface ChunkWatchOptions {
  readonly service: Pick<Service, "followFirefox">;
  /** For a stream that cannot be had: the answer then comes whole. */
  readonly onTrouble: (error: unknown) => void;
  readonly onStateChange?: FollowOptions["onStateChange"];
}

/**
 * The pieces of one command's text. It listens before the command is there, so that none is missed; what comes before
 * the command's id is known is kept.
 */
export class ChunkWatch {
  readonly #o: ChunkWatchOptions;
  readonly #stop = new AbortController();
  #early: ChunkData[] = [];
  #wanted: { readonly commandId: string; readonly onChunk: (chunk: Chunk) => Promise<void> } | undefined;
  #following: Promise<void> = Promise.resolve();
  /** The piece that is being handed over, and with it all before. */
  #handing: Promise<void> = Promise.resolve();

  constructor(o: ChunkWatchOptions) {
    this.#o = o;
  }

  /** Resolves when it listens, or when it never will. */
  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#following = this.#o.service
        .followFirefox({
          filters: { types: ["firefox.command.chunk"] },
          signal: this.#stop.signal,
          onControl: (frame) => (frame.type === "hello" ? resolve() : undefined),
          onEvent: (event) => this.#take(event),
          ...(this.#o.onStateChange === undefined ? {} : { onStateChange: this.#o.onStateChange }),
        })
        .then(() => undefined, this.#o.onTrouble)
        .finally(resolve);
    });
  }

  /** From now on the pieces of this command are handed over, in order and one at a time. */
  want(commandId: string, onChunk: (chunk: Chunk) => Promise<void>): void {
    this.#wanted = { commandId, onChunk };
    for (const chunk of this.#early) void this.#handOver(chunk).catch(this.#o.onTrouble);
    this.#early = [];
  }

  /** Resolves when none comes any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
    await this.#handing.catch(() => undefined); // it was told as trouble
  }

  async #take({ data }: FeedEvent): Promise<void> {
    const chunk = data as unknown as ChunkData;
    if (this.#wanted === undefined) this.#early.push(chunk);
    else await this.#handOver(chunk);
  }

  #handOver(chunk: ChunkData): Promise<void> {
    const wanted = this.#wanted;
    if (chunk.commandId !== wanted?.commandId) return Promise.resolve();
    return (this.#handing = this.#handing.then(() => wanted.onChunk(chunk)));
  }
}

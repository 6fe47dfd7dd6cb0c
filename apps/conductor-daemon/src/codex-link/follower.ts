import { setTimeout as delay } from "node:timers/promises";
import { followEvents } from "@baa/client";
import { type ControlFrame, type FeedEvent, FOLLOWED_TYPES } from "@baa/contracts";
import { ProblemError, type UpstreamToken } from "@baa/http";
import type { Logger } from "@baa/process";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { toOutbox } from "./codexd-event.ts";
import { Cursors, type StoredCursor } from "./cursors.ts";
import type { CodexdLink } from "./link.ts";
import type { OpenWork } from "./open-work.ts";

const SOURCE = "codexd";
/** Milliseconds: the longest wait between connections, and before following is begun again after it gave up. */
const RECONNECT_MS_MAX = 2_000;
const AGAIN_MS = 2_000;
const FULL_RETRY_MS = 1_000;

export interface FollowerOptions {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly openWork: OpenWork;
  readonly link: CodexdLink;
  readonly token: UpstreamToken;
  readonly baseUrl: string;
  readonly eventStreamPath: string;
  readonly logger: Logger;
  readonly now: () => string;
}

/** Takes codexd's events over, each in one transaction with what it changes, our own event and the cursor. */
export class CodexdFollower {
  readonly #o: FollowerOptions;
  readonly #cursors: Cursors;
  readonly #stop = new AbortController();
  #cursor: StoredCursor | undefined;
  /** The log that the present connection reads. */
  #logId: string | undefined;
  #lastFault: string | undefined;
  #running: Promise<void> | undefined;

  constructor(o: FollowerOptions) {
    this.#o = o;
    this.#cursors = new Cursors(o.store);
    this.#cursor = this.#cursors.read(SOURCE);
  }

  /** `<logId>:<seq>`; undefined when codexd was never heard. */
  get cursor(): string | undefined {
    return this.#cursor === undefined ? undefined : `${this.#cursor.logId}:${this.#cursor.seq}`;
  }

  /** The same as a place. */
  get place(): StoredCursor | undefined {
    return this.#cursor;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#tellFault(error as Error);
        await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop sees it
      }
    }
  }

  /** Once for each fault in a row: before codexd's first start there is no token, for as long as that takes. */
  #tellFault(error: Error): void {
    if (error.message === this.#lastFault) return;
    this.#lastFault = error.message;
    this.#o.logger.warn({ event: "codexd.followFailed", err: error }, "following codexd's events failed; again soon");
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { baseUrl, eventStreamPath: path, link } = this.#o;
    await followEvents({
      baseUrl,
      path,
      token: this.#o.token.input(),
      ...(this.cursor === undefined ? {} : { after: this.cursor }),
      filters: { types: FOLLOWED_TYPES },
      signal,
      onEvent: (event) => this.#durably(() => this.#take(event)),
      onControl: (frame) => this.#durably(() => this.#takeControl(frame)),
      onStateChange: ({ kind }) => {
        if (kind === "open") this.#lastFault = undefined;
        if (kind === "open" || kind === "waiting") link.poke();
      },
      timings: { backoffMaxMs: RECONNECT_MS_MAX, retryAfterMaxMs: RECONNECT_MS_MAX },
    });
  }

  #take(event: FeedEvent): void {
    const logId = this.#logId ?? "";
    if (this.#cursor?.logId === logId && event.seq <= this.#cursor.seq) return;
    const { store, openWork, outbox } = this.#o;
    store.write(() => {
      openWork.apply(event);
      outbox.append(toOutbox(event, logId));
      this.#move({ logId, seq: event.seq });
    });
  }

  #takeControl(frame: ControlFrame): void {
    const { store, openWork, outbox, now } = this.#o;
    if (frame.type === "hello") {
      this.#logId = frame.logId;
      if (this.#cursor !== undefined) return;
      store.write(() => {
        openWork.replace(frame.snapshot);
        this.#move({ logId: frame.logId, seq: frame.headSeq });
      });
    } else if (frame.type === "reset") {
      const { from, to, reason } = frame;
      store.write(() => {
        openWork.replace(frame.snapshot);
        outbox.append({ at: now(), type: "codexd.reset", data: { from, to, reason, logId: this.#logId } });
        this.#move({ logId: this.#logId ?? "", seq: to });
      });
    } else if (frame.type === "heartbeat") {
      // What was filtered out moves the cursor too: one left behind would grow too old.
      const { seq } = frame;
      const logId = this.#logId ?? "";
      if (this.#cursor?.logId === logId && seq > this.#cursor.seq) store.write(() => this.#move({ logId, seq }));
    }
  }

  #move(to: StoredCursor): void {
    this.#cursors.move(SOURCE, to, this.#o.now());
    this.#o.store.afterCommit(() => (this.#cursor = to));
  }

  /** A full disk holds the stream up; nothing is passed over. */
  async #durably(write: () => void): Promise<void> {
    for (;;) {
      try {
        return write();
      } catch (error) {
        const isFull = error instanceof ProblemError && error.code === "storage_full";
        if (!isFull || this.#stop.signal.aborted) throw error;
        await delay(FULL_RETRY_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined); // aborted: throws next
      }
    }
  }
}

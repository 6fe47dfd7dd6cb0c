import type { FeedEvent } from "@baa/contracts";
import { signal } from "@preact/signals";
import type { Api } from "../api/api.ts";
import { addLines } from "../model/feed-line.ts";
import type { FeedLine } from "../model/feed-line.ts";
import { foldInFlight, IN_FLIGHT_TYPES, inFlightOf, NOTHING_IN_FLIGHT } from "../model/in-flight.ts";
import type { InFlight } from "../model/in-flight.ts";
import { createBatch, onNextFrame } from "../stream/batch.ts";
import type { StreamFrame } from "../stream/event-stream.ts";
import { followStream } from "../stream/follow.ts";
import { createLink } from "./link.ts";
import type { Visibility } from "./visibility.ts";

/** Events of the past that the live list begins with. */
const BEGIN_WITH = 40;

const isEvent = ({ type }: StreamFrame): boolean => type.includes(".");

export interface LiveOptions {
  readonly api: Api;
  readonly visibility: Visibility;
  /** Told whenever codexd's stream has begun: what was read before may be old. */
  readonly onLive: () => void;
  /** Told of the events that may change what others show. */
  readonly onEvents: (events: readonly FeedEvent[]) => void;
}

/** What happens now: what codexd has open (from its log), and the live list (from conductor's feed). */
export class LiveStore {
  /** Undefined until codexd has told it once. */
  readonly inFlight = signal<InFlight | undefined>(undefined);
  /** The stream of what is open; while it is not `open`, `inFlight` is old. */
  readonly link = createLink();
  readonly lines = signal<readonly FeedLine[]>([]);
  readonly #o: LiveOptions;

  constructor(o: LiveOptions) {
    this.#o = o;
  }

  /** Ends when `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followCodex(signal), this.#followConductor(signal)]);
  }

  forget(): void {
    this.inFlight.value = undefined;
    this.lines.value = [];
    this.link.reset();
  }

  #followCodex(signal: AbortSignal): Promise<void> {
    const { api, visibility } = this.#o;
    const batch = createBatch<StreamFrame>((frames) => this.#takeCodex(frames), onNextFrame);
    return followStream({
      open: (cursor, until) => api.openEvents({ source: "codex", types: IN_FLIGHT_TYPES }, cursor, until),
      onFrame: (frame) => batch.add(frame),
      onState: this.link.take,
      signal,
      ...visibility,
    });
  }

  #takeCodex(frames: readonly StreamFrame[]): void {
    let inFlight = this.inFlight.peek();
    for (const frame of frames) {
      if (isEvent(frame)) inFlight = foldInFlight(inFlight ?? NOTHING_IN_FLIGHT, frame.data as FeedEvent);
      else inFlight = inFlightOf(frame.data["snapshot"]) ?? inFlight;
    }
    this.inFlight.value = inFlight;
    if (frames.some(({ type }) => type === "hello")) this.#o.onLive();
    const events = frames.filter(isEvent).map(({ data }) => data as FeedEvent);
    if (events.length > 0) this.#o.onEvents(events);
  }

  #followConductor(signal: AbortSignal): Promise<void> {
    const { api, visibility } = this.#o;
    const batch = createBatch<FeedEvent>((events) => this.#takeConductor(events), onNextFrame);
    return followStream({
      open: async (cursor, until) => {
        const from = cursor ?? (await this.#beginning(until));
        return api.openEvents({ source: "conductor" }, from, until);
      },
      onFrame: (frame) => {
        if (isEvent(frame)) batch.add(frame.data as FeedEvent);
        // Its numbers begin anew: what is shown would hide what comes.
        else if (frame.type === "reset") this.lines.value = [];
      },
      signal,
      ...visibility,
    });
  }

  async #beginning(signal: AbortSignal): Promise<string> {
    const { headSeq, oldestSeq } = await this.#o.api.eventsHead("conductor", signal);
    return String(Math.max(oldestSeq - 1, headSeq - BEGIN_WITH, 0));
  }

  #takeConductor(events: readonly FeedEvent[]): void {
    this.lines.value = addLines(this.lines.peek(), events);
    this.#o.onEvents(events.filter(({ type }) => /^(?:control|codexd|conductor)\./.test(type)));
  }
}

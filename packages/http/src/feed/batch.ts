import type { ReadResult } from "@baa/storage";
import type { EventSource } from "./event-source.ts";
import type { Filter } from "./filter.ts";
import type { FeedLimits } from "./limits.ts";
import type { Face } from "./sink.ts";
import { encodeSseFrames } from "./sse-encoder.ts";
import { encodeTextFrames } from "./ws-encoder.ts";

export interface Batch {
  readonly bytes: Buffer | undefined;
  readonly lastSeq: number;
}

/**
 * The reads of one pass over all readers. Readers at the same place with the same filter get the same
 * buffer: read once, encoded once for each face.
 */
export class BatchPass {
  readonly #source: EventSource;
  readonly #limits: FeedLimits;
  readonly #reads = new Map<string, ReadResult>();
  readonly #batches = new Map<string, Batch>();

  constructor(source: EventSource, limits: FeedLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  read(face: Face, after: number, filter: Filter): Batch {
    const key = `${face}${after} ${filter.key}`;
    const known = this.#batches.get(key);
    if (known !== undefined) return known;
    const { frames, lastSeq } = this.#readOnce(after, filter);
    const bytes = frames.length === 0 ? undefined : this.#encode(face, frames);
    const batch = { bytes, lastSeq };
    this.#batches.set(key, batch);
    return batch;
  }

  #readOnce(after: number, filter: Filter): ReadResult {
    const key = `${after} ${filter.key}`;
    const known = this.#reads.get(key);
    if (known !== undefined) return known;
    const result = this.#source.read(after, {
      maxRecords: this.#limits.batchRecordsMax,
      maxBytes: this.#limits.batchBytesMax,
      ...(filter.match === undefined ? {} : { match: filter.match }),
    });
    this.#reads.set(key, result);
    return result;
  }

  #encode(face: Face, frames: ReadResult["frames"]): Buffer {
    return face === "sse" ? encodeSseFrames(this.#source.logId, frames) : encodeTextFrames(frames.map((f) => f.bytes));
  }
}

import { percentile } from "./statistics.ts";

/** When one reader got each delta of a turn, by the clock that all processes of a machine share. */
export interface ReaderResult {
  /** Deltas that arrived. */
  readonly deltas: number;
  /** Milliseconds from the first delta to the last. */
  readonly spanMs: number;
  /** Milliseconds from the provider's stamp in a delta to its arrival; empty when deltas carry no stamps. */
  readonly latenciesMs: number[];
}

/** Text of a stamped delta: CLOCK_MONOTONIC in nanoseconds and a blank. */
const STAMP = /^(\d{6,}) $/;

/** Gathers the deltas of one reader. `nowNs` is the moment at which their bytes came in. */
export class Arrivals {
  readonly #latenciesMs: number[] = [];
  #deltas = 0;
  #firstNs = 0n;
  #lastNs = 0n;

  delta(text: string, nowNs: bigint): void {
    if (this.#deltas === 0) this.#firstNs = nowNs;
    this.#deltas += 1;
    this.#lastNs = nowNs;
    const stamp = STAMP.exec(text)?.[1];
    if (stamp !== undefined) this.#latenciesMs.push(Number(nowNs - BigInt(stamp)) / 1e6);
  }

  result(): ReaderResult {
    return {
      deltas: this.#deltas,
      spanMs: Number(this.#lastNs - this.#firstNs) / 1e6,
      latenciesMs: this.#latenciesMs,
    };
  }
}

export interface Percentiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Over all deltas of all readers. */
export function percentilesOf(readers: readonly ReaderResult[]): Percentiles {
  const all = readers.flatMap((reader) => reader.latenciesMs);
  return { p50Ms: percentile(all, 0.5), p99Ms: percentile(all, 0.99) };
}

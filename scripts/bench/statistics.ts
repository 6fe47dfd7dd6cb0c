/** One figure over several rounds. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The value below which `share` (0..1) of the values lie, by the nearest rank. */
export function percentile(values: Float64Array | readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** Median and range of a figure's rounds. */
export function figureOf(rounds: readonly number[]): Figure {
  const sorted = Float64Array.from(rounds).sort();
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  const median = ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
  return { median, min: Math.min(...rounds), max: Math.max(...rounds) };
}

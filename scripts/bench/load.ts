/** What the provider is asked to stream: so many deltas, so many milliseconds apart; 0 = flat out. */
export interface Load {
  readonly deltas: number;
  readonly intervalMs: number;
}

/** A load as the prompt of a turn. */
export const writePrompt = (load: Load): string => `bench ${load.deltas} ${load.intervalMs}`;

export function readPrompt(text: string): Load {
  const [, deltas, intervalMs] = /^bench (\d+) (\d+)$/.exec(text.trim()) ?? [];
  if (deltas === undefined) throw new Error(`not a prompt of the benchmark: ${text}`);
  return { deltas: Number(deltas), intervalMs: Number(intervalMs) };
}

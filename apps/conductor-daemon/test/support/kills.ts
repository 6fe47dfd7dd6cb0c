/** How often the campaign kills, and by which seed: `BAA_CAMPAIGN=full` for the long form, `BAA_CAMPAIGN_SEED` to repeat one. */
export const readKills = (
  env: Record<string, string | undefined> = process.env,
): { readonly kills: number; readonly seed: number } => ({
  kills: env["BAA_CAMPAIGN"] === "full" ? 300 : 8,
  seed: Number(env["BAA_CAMPAIGN_SEED"] ?? Date.now() % 1_000_000),
});

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

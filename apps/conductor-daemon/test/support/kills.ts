/**
 * How often the campaigns kill, and by which seed: `BAA_CAMPAIGN=full` for the long form, `BAA_CAMPAIGN_SEED` to repeat
 * one.
 */
export const readKills = (
  env: Record<string, string | undefined> = process.env,
): { readonly kills: number; readonly linkCycles: number; readonly hookKills: number; readonly seed: number } => {
  const isFull = env["BAA_CAMPAIGN"] === "full";
  return {
    kills: isFull ? 300 : 8,
    linkCycles: isFull ? 200 : 3,
    hookKills: isFull ? 100 : 3,
    seed: Number(env["BAA_CAMPAIGN_SEED"] ?? Date.now() % 1_000_000),
  };
};

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

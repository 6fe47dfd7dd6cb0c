import { campaignConfig } from "@baa/test-kit";

/**
 * How often the campaigns kill, and by which seed: `BAA_CAMPAIGN=full` for the long form, `BAA_CAMPAIGN_SEED` to repeat
 * one.
 */
export const readKills = (
  env: Record<string, string | undefined> = process.env,
): { readonly kills: number; readonly linkCycles: number; readonly hookKills: number; readonly seed: number } => {
  const { isFull, seed } = campaignConfig(env);
  return {
    kills: isFull ? 300 : 8,
    linkCycles: isFull ? 200 : 3,
    hookKills: isFull ? 100 : 3,
    seed,
  };
};

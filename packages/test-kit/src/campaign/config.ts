/** `BAA_CAMPAIGN=full` for the long form, `BAA_CAMPAIGN_SEED=<number>` to draw the same points again. */
export const campaignConfig = (
  env: Record<string, string | undefined> = process.env,
): { isFull: boolean; seed: number } => ({
  isFull: env["BAA_CAMPAIGN"] === "full",
  seed: env["BAA_CAMPAIGN_SEED"] === undefined ? Date.now() % 1_000_000 : Number(env["BAA_CAMPAIGN_SEED"]),
});

import { campaignConfig } from "@baa/test-kit";

/** Of a test that is a campaign. */
export const TIMEOUT_MS = campaignConfig().isFull ? 1_800_000 : 180_000;

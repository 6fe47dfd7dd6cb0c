/** The Codex version that the types beside this file were generated from. */
export const GENERATED_FROM_CODEX = "0.169.0";

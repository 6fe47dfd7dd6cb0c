import { codexPlay } from "@baa/test-kit";

/** What the model says in turns of these children. */
export const DELTAS = Array.from({ length: 30 }, (_, i) => `delta ${i}; `);
/** Says it bit by bit. */
export const talking = codexPlay({ deltas: DELTAS, intervalMs: 15 });
/** Says three deltas and then nothing for a minute. */
export const silenced = codexPlay({ deltas: DELTAS.slice(0, 3), middle: [{ sleep: 60_000 }] });

import type { Usage } from "@baa/contracts";
import type { Breakdown } from "./child-message.ts";

/** usage.updated is told at most once per this many milliseconds and turn. */
export const USAGE_INTERVAL_MS = 1000;

const FIELDS = ["totalTokens", "inputTokens", "cachedInputTokens", "outputTokens", "reasoningOutputTokens"] as const;

/** Turns the thread's running totals into the usage of one turn. */
export class UsageMeter {
  readonly #turns = new Map<string, { base: Breakdown; usage: Usage; toldAtMs: number }>();

  /** The turn's usage so far; `tell` = it is time for an event. */
  update(turnId: string, total: Breakdown, last: Breakdown, nowMs: number): { usage: Usage; tell: boolean } {
    const known = this.#turns.get(turnId);
    const base = known?.base ?? (subtract(total, last) as Breakdown);
    const usage = subtract(total, base);
    const tell = known === undefined || nowMs - known.toldAtMs >= USAGE_INTERVAL_MS;
    this.#turns.set(turnId, { base, usage, toldAtMs: tell ? nowMs : (known?.toldAtMs ?? nowMs) });
    return { usage, tell };
  }

  current(turnId: string): Usage | undefined {
    return this.#turns.get(turnId)?.usage;
  }

  forget(turnId: string): void {
    this.#turns.delete(turnId);
  }
}

const subtract = (a: Breakdown, b: Breakdown): Usage =>
  Object.fromEntries(FIELDS.map((field) => [field, Math.max(0, a[field] - b[field])])) as Usage;

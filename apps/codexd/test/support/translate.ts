import type { TranslateContext } from "../../src/events/translate.ts";
import { UsageMeter } from "../../src/events/usage-meter.ts";
import type { NewEvent } from "../../src/journal/journal.ts";
import { Registries } from "../../src/registry/registries.ts";
import { numbered } from "./records.ts";

/** A translation context after `events`; time stands still until a test moves `clock.nowMs`. */
export const contextAfter = (
  events: readonly NewEvent[],
): TranslateContext & { clock: { nowMs: number }; apply: (more: readonly NewEvent[]) => void } => {
  const registries = new Registries();
  let seq = 1;
  const apply = (more: readonly NewEvent[]): void => {
    for (const each of numbered(more, seq)) registries.apply(each);
    seq += more.length;
  };
  apply(events);
  const clock = { nowMs: 1000 };
  let made = 0;
  return {
    registries,
    usage: new UsageMeter(),
    newTurnId: () => `turn_new${(made += 1)}`,
    nowMs: () => clock.nowMs,
    clock,
    apply,
  };
};

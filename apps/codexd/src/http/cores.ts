import { ProblemError } from "@baa/http";
import type { Core } from "../core.ts";
import type { Readiness } from "../readiness.ts";

/** Where reads go, and where commands go. */
export interface Cores {
  readonly core: () => Core;
  readonly writable: () => Core;
}

export const coresOf = (readiness: Readiness): Cores => ({
  core: () => coreOf(readiness),
  writable: () => writableCoreOf(readiness),
});

const coreOf = (readiness: Readiness): Core => {
  if (readiness.core) return readiness.core;
  throw degraded(readiness);
};

/** While anything stored is damaged, commands are refused by its name, though the log itself may be whole. */
const writableCoreOf = (readiness: Readiness): Core => {
  if (readiness.damage) throw degraded(readiness);
  return coreOf(readiness);
};

const degraded = (readiness: Readiness): ProblemError => new ProblemError("degraded", readiness.reasons()[0]?.message);

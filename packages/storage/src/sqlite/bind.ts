import type { SqlValue } from "./engine.ts";

/**
 * Refuses what SQLite would take wrongly. Both engines read a Date, a function or a plain object as an empty set of
 * named parameters and store NULL without a word, turn booleans into integers and NaN into NULL.
 *
 * @throws TypeError naming the position (from 1) and the kind of value, not the value
 */
export function checkBinds(values: readonly unknown[]): asserts values is SqlValue[] {
  for (const [index, value] of values.entries()) {
    if (!isSqlValue(value)) throw new TypeError(`parameter ${index + 1} is ${kindOf(value)}; SQLite cannot store that`);
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function isSqlValue(value: unknown): value is SqlValue {
  switch (typeof value) {
    case "string":
      return !value.includes("\0") && !LONE_SURROGATE.test(value);
    case "bigint":
      return true;
    case "number":
      return Number.isFinite(value);
    default:
      return value === null || value instanceof Uint8Array;
  }
}

function kindOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return "a string with a NUL or half a surrogate pair";
  if (typeof value !== "object" || value === null) return `a value of type ${typeof value}`;
  const name = (value as { constructor?: { name?: string } }).constructor?.name;
  return `an object (${name ?? "without a prototype"})`;
}

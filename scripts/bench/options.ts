import { parseArgs } from "node:util";

export const USAGE = `Usage: pnpm bench [--write] [--rounds N] [--only latency,throughput,start] [--deltas N] [--profile DIR]

Measures codexd (the built bundle) against a bare codex app-server over stdio, in one run on the same provider.

  --write        put the table into docs/reference/performance.md
  --rounds N     rounds of each measurement, bare and codexd by turns (default 5)
  --only LIST    some of: latency, throughput, start
  --deltas N     deltas of one throughput round (default 50000)
  --profile DIR  write a CPU profile of codexd there (its figures are then no good)`;

export const MEASUREMENTS = ["start", "latency", "throughput"] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

export interface BenchOptions {
  readonly write: boolean;
  readonly rounds: number;
  readonly only: ReadonlySet<Measurement>;
  readonly deltas: number;
  readonly profileDir: string | undefined;
}

/** Reads the command line. Throws with a sentence for what is wrong. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      write: { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      only: { type: "string", default: MEASUREMENTS.join(",") },
      deltas: { type: "string", default: "50000" },
      profile: { type: "string" },
    },
  });
  return {
    write: values.write,
    rounds: count("--rounds", values.rounds),
    only: new Set(values.only.split(",").map(measurement)),
    deltas: count("--deltas", values.deltas),
    profileDir: values.profile,
  };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name}: expected a whole number from 1, got ${text}`);
  return value;
}

function measurement(name: string): Measurement {
  const found = MEASUREMENTS.find((known) => known === name);
  if (found === undefined) throw new Error(`--only: expected some of ${MEASUREMENTS.join(", ")}, got ${name}`);
  return found;
}

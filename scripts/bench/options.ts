import { parseArgs } from "node:util";

export const MEASUREMENTS = [
  "start",
  "latency",
  "throughput",
  "fanout",
  "sessions",
  "replay",
  "recovery",
  "turns",
  "proxy",
  "memory",
  "firefox",
] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

export const USAGE = `Usage: pnpm bench [--write] [--rounds N] [--only LIST] [--deltas N] [--subscribers N] [--profile DIR]

Measures codexd (the built bundle) against yardsticks in one run: a bare codex app-server on the same provider, the
least service of the same parts, ws itself; conductor against codexd; what all daemons hold; and the bridge to Firefox.

  --write          put the tables into docs/reference/performance.md
  --rounds N       rounds of each measurement, yardstick and codexd by turns (default 5; the long ones take 3 at most)
  --only LIST      some of: ${MEASUREMENTS.join(", ")}
  --deltas N       deltas of one throughput round (default 50000)
  --subscribers N  subscribers of one fan-out round (default 100)
  --profile DIR    write CPU profiles of codexd (with --only proxy: of conductor) there (the figures are then no good)`;

export interface BenchOptions {
  readonly write: boolean;
  readonly rounds: number;
  readonly only: ReadonlySet<Measurement>;
  readonly deltas: number;
  readonly subscribers: number;
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
      subscribers: { type: "string", default: "100" },
      profile: { type: "string" },
    },
  });
  return {
    write: values.write,
    rounds: count("--rounds", values.rounds),
    only: new Set(values.only.split(",").map(measurement)),
    deltas: count("--deltas", values.deltas),
    subscribers: count("--subscribers", values.subscribers),
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

import { type Percentiles, percentilesOf } from "./arrivals.ts";
import type { Load } from "./load.ts";
import type { Stack } from "./stack.ts";
import { type Figure, figureOf } from "./statistics.ts";

/** Subscribers of the latency measurement. */
export const SUBSCRIBERS = 10;
const PACED: Load = { deltas: 600, intervalMs: 5 };
const WARM_UP: Load = { deltas: 2000, intervalMs: 0 };
/** Deltas of one fan-out round. */
export const FANOUT_DELTAS = 10_000;
const FANOUT_ROUNDS_MAX = 3;
const MIB = 1024 * 1024;

export interface LatencyFigures {
  readonly bareP50: Figure;
  readonly bareP99: Figure;
  readonly codexdP50: Figure;
  readonly codexdP99: Figure;
  readonly addedP50: Figure;
  readonly addedP99: Figure;
}

export interface ThroughputFigures {
  readonly deltas: number;
  readonly bareRate: Figure;
  readonly codexdRate: Figure;
  readonly share: Figure;
  readonly cpuUs: Figure;
  readonly afterMib: Figure;
}

export interface FanoutFigures {
  readonly subscribers: number;
  /** Frames a second over all subscribers. */
  readonly rate: Figure;
  readonly afterMib: Figure;
}

/** One turn on each side, not counted: both have compiled what they run by then. */
export async function warmUp(stack: Stack): Promise<void> {
  await stack.bareTurn(WARM_UP);
  await stack.codexdTurn(WARM_UP, SUBSCRIBERS);
}

/** Latency from the provider's stamp to the reader, and what codexd adds to it, round by round. */
export async function measureLatency(stack: Stack, rounds: number): Promise<LatencyFigures> {
  const [bare, codexd]: [Percentiles[], Percentiles[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(percentilesOf([await stack.bareTurn(PACED)]));
    codexd.push(percentilesOf((await stack.codexdTurn(PACED, SUBSCRIBERS)).readers));
  }
  const added = (key: keyof Percentiles): Figure => figureOf(codexd.map((one, i) => one[key] - (bare[i]?.[key] ?? 0)));
  const of = (side: Percentiles[], key: keyof Percentiles): Figure => figureOf(side.map((one) => one[key]));
  return {
    bareP50: of(bare, "p50Ms"),
    bareP99: of(bare, "p99Ms"),
    codexdP50: of(codexd, "p50Ms"),
    codexdP99: of(codexd, "p99Ms"),
    addedP50: added("p50Ms"),
    addedP99: added("p99Ms"),
  };
}

/** Many subscribers, each of which gets every delta; one that is missing fails the run. */
export async function measureFanout(stack: Stack, o: { rounds: number; subscribers: number }): Promise<FanoutFigures> {
  const load: Load = { deltas: FANOUT_DELTAS, intervalMs: 0 };
  const rounds: { rate: number; mib: number }[] = [];
  for (let round = 0; round < Math.min(o.rounds, FANOUT_ROUNDS_MAX); round += 1) {
    const { readers, after } = await stack.codexdTurn(load, o.subscribers);
    const spanMs = Math.max(...readers.map((reader) => reader.spanMs));
    const lost = readers.filter((reader) => reader.deltas !== load.deltas).length;
    if (readers.length !== o.subscribers || lost > 0) throw new Error(`${lost} of ${readers.length} lost deltas`);
    rounds.push({ rate: (o.subscribers * load.deltas * 1000) / spanMs, mib: after.rssBytes / MIB });
  }
  const rate = figureOf(rounds.map((one) => one.rate));
  return { subscribers: o.subscribers, rate, afterMib: figureOf(rounds.map((one) => one.mib)) };
}

/** Deltas a second as one reader gets them, flat out, and what codexd's process spends on each event. */
export async function measureThroughput(
  stack: Stack,
  o: { rounds: number; deltas: number },
): Promise<ThroughputFigures> {
  const load: Load = { deltas: o.deltas, intervalMs: 0 };
  const rates: { bare: number; codexd: number; cpuUs: number; mib: number }[] = [];
  for (let round = 0; round < o.rounds; round += 1) {
    const bare = rateOf(await stack.bareTurn(load), load);
    const { readers, before, after } = await stack.codexdTurn(load, 1);
    const codexd = rateOf(readers[0], load);
    const cpuUs = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / (after.headSeq - before.headSeq);
    rates.push({ bare, codexd, cpuUs, mib: after.rssBytes / MIB });
  }
  return {
    deltas: o.deltas,
    bareRate: figureOf(rates.map((rate) => rate.bare)),
    codexdRate: figureOf(rates.map((rate) => rate.codexd)),
    share: figureOf(rates.map((rate) => (100 * rate.codexd) / rate.bare)),
    cpuUs: figureOf(rates.map((rate) => rate.cpuUs)),
    afterMib: figureOf(rates.map((rate) => rate.mib)),
  };
}

/** Deltas a second. Throws when a delta is missing: a reader that lost one measured nothing. */
function rateOf(reader: { deltas: number; spanMs: number } | undefined, load: Load): number {
  if (reader?.deltas !== load.deltas) throw new Error(`a reader got ${reader?.deltas} of ${load.deltas} deltas`);
  return (reader.deltas * 1000) / reader.spanMs;
}

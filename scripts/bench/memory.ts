// What the three daemons hold together when nothing is to be done: codexd without a child, conductor, status-api.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Codexd,
  type Conductor,
  startCodexd,
  startConductor,
  startStatusApi,
  type StatusApi,
} from "../../packages/test-kit/src/index.ts";
import { type Row, row } from "./report.ts";
import { SILENT_CHILD } from "./start.ts";
import { type Figure, figureOf } from "./statistics.ts";

/** Memory is read this long after the last one is ready. */
const IDLE_MS = 3_000;
const NAMES = ["codexd", "conductor", "status-api"] as const;

export interface MemoryFigures {
  /** Resident MiB of each, in the order of NAMES. */
  readonly each: readonly Figure[];
  readonly rss: Figure;
  /** MiB, what is shared counted once; only where /proc says it. */
  readonly pss: Figure | undefined;
}

interface Sample {
  readonly rss: readonly number[];
  readonly pss: readonly number[] | undefined;
}

export async function measureMemory(rounds: number): Promise<MemoryFigures> {
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) samples.push(await sample());
  const pss = samples.flatMap((one) => (one.pss === undefined ? [] : [sum(one.pss)]));
  return {
    each: NAMES.map((_name, index) => figureOf(samples.map((one) => one.rss[index] ?? Number.NaN))),
    rss: figureOf(samples.map((one) => sum(one.rss))),
    pss: pss.length === 0 ? undefined : figureOf(pss),
  };
}

async function sample(): Promise<Sample> {
  const started: (Codexd | Conductor | StatusApi)[] = [];
  try {
    const codexd = await startCodexd({ built: true, child: SILENT_CHILD, until: "listening" });
    started.unshift(codexd);
    const conductor = await startConductor({ built: true, codexd });
    started.unshift(conductor);
    const status = await startStatusApi({ built: true, conductor });
    started.unshift(status);
    await sleep(IDLE_MS);
    const pids = [codexd.pid, conductor.pid, status.pid];
    const pss = pids.map(pssMib);
    return { rss: pids.map(rssMib), pss: pss.includes(undefined) ? undefined : pss.map((mib) => mib ?? 0) };
  } finally {
    for (const daemon of started) await daemon.dispose();
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Resident memory of a process. */
export const rssMib = (pid: number): number =>
  Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;

function pssMib(pid: number): number | undefined {
  const file = `/proc/${pid}/smaps_rollup`;
  if (!fs.existsSync(file)) return undefined;
  return Number(/^Pss:\s+(\d+) kB$/m.exec(fs.readFileSync(file, "utf8"))?.[1]) / 1024;
}

export const memoryRows = (f: MemoryFigures): Row[] => {
  const mib = { unit: " MiB", digits: 0 };
  const { pss } = f;
  return [
    ...f.each.map((figure, index) => row(`${NAMES[index]}, resident memory when idle`, figure, mib)),
    row("all three", f.rss, { ...mib, promise: ["at most 240 MiB", f.rss.median <= 240] }),
    ...(pss === undefined
      ? []
      : [
          row("all three, what they share counted once (PSS)", pss, {
            ...mib,
            promise: ["at most 140 MiB", pss.median <= 140],
          }),
        ]),
  ];
};

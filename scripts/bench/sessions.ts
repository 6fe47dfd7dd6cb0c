// Lists and deltas of a codexd with many sessions, while their checkpoint is written again and again.
import { setTimeout as sleep } from "node:timers/promises";
import { percentilesOf } from "./arrivals.ts";
import { SUBSCRIBERS } from "./measure.ts";
import { sessions, writeLog } from "./prepared-log.ts";
import { type Row, row } from "./report.ts";
import { Stack } from "./stack.ts";
import { type Figure, figureOf, percentile } from "./statistics.ts";

export const SESSIONS = 50_000;
const PACED = { deltas: 1000, intervalMs: 5 };
const ASK_EVERY_MS = 25;
/** Pages before anything is measured, so that both sides have compiled what they run. */
const WARM_UP_PAGES = 500;
/**
 * Each deletion has both generations of all checkpoints written anew, which takes most of a round. More of them would
 * measure their fsync instead: what comes after a deletion is shown when that is on disk.
 */
const DELETE_EVERY_MS = 5000;

export interface SessionsFigures {
  readonly listP95: Figure;
  /** `/healthz` between the pages: what any answer costs on this machine then. */
  readonly healthP95: Figure;
  readonly bareP99: Figure;
  readonly codexdP99: Figure;
  readonly addedP99: Figure;
  readonly checkpoints: Figure;
}

export async function measureSessions(o: { rounds: number; profileDir: string | undefined }): Promise<SessionsFigures> {
  const stack = await Stack.start({ ...o, log: (dir) => writeLog(dir, sessions(SESSIONS)) });
  const rounds: (Round & { bareP99: number })[] = [];
  try {
    await stack.bareTurn(PACED);
    for (let page = 0; page < WARM_UP_PAGES; page += 1) await stack.client.listSessions();
    await round(stack);
    for (let done = 0; done < o.rounds; done += 1) {
      const bareP99 = percentilesOf([await stack.bareTurn(PACED)]).p99Ms;
      rounds.push({ bareP99, ...(await round(stack)) });
    }
  } finally {
    await stack.stop();
  }
  const of = (key: keyof Round | "bareP99"): Figure => figureOf(rounds.map((one) => one[key]));
  const addedP99 = figureOf(rounds.map((one) => one.codexdP99 - one.bareP99));
  const [listP95, healthP95, bareP99] = [of("listP95"), of("healthP95"), of("bareP99")];
  return { listP95, healthP95, bareP99, codexdP99: of("codexdP99"), addedP99, checkpoints: of("checkpoints") };
}

interface Round {
  readonly listP95: number;
  readonly healthP95: number;
  readonly codexdP99: number;
  readonly checkpoints: number;
}

/** One paced turn, with lists and deletions beside it. */
async function round(stack: Stack): Promise<Round> {
  let isOver = false;
  const turn = stack.codexdTurn(PACED, SUBSCRIBERS).finally(() => (isOver = true));
  const before = stack.checkpointWrites();
  const asking = askUntil(stack, () => isOver);
  const deletions = deleteUntil(stack, () => isOver);
  const { readers } = await turn;
  await deletions;
  const { listMs, healthMs } = await asking;
  return {
    listP95: percentile(listMs, 0.95),
    healthP95: percentile(healthMs, 0.95),
    codexdP99: percentilesOf(readers).p99Ms,
    checkpoints: stack.checkpointWrites() - before,
  };
}

/** Pages of 50 from the newest to ever older ones, and `/healthz` between them; what each took in milliseconds. */
async function askUntil(stack: Stack, isOver: () => boolean): Promise<{ listMs: number[]; healthMs: number[] }> {
  const [listMs, healthMs]: [number[], number[]] = [[], []];
  const timed = async <T>(into: number[], ask: Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const answer = await ask;
    into.push(performance.now() - startedMs);
    await sleep(ASK_EVERY_MS);
    return answer;
  };
  let cursor: string | undefined;
  while (!isOver()) {
    const { nextCursor } = await timed(listMs, stack.client.listSessions({ query: { cursor } }));
    cursor = nextCursor ?? undefined;
    await timed(healthMs, stack.client.healthz());
  }
  return { listMs, healthMs };
}

async function deleteUntil(stack: Stack, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    // Not the newest, which has the turn.
    const { sessions: listed } = await stack.client.listSessions({ query: { limit: 3 } });
    await stack.client.deleteSession({ params: { sessionId: listed.at(-1)?.id ?? "" } });
    await sleep(DELETE_EVERY_MS);
  }
}

export const sessionsRows = (f: SessionsFigures): Row[] => {
  const ms = { unit: " ms", digits: 2 };
  return [
    row("page of 50 sessions, p95", f.listP95, { ...ms, promise: ["at most 5 ms", f.listP95.median <= 5] }),
    row("`/healthz` between the pages, p95", f.healthP95, ms),
    row("delta from a bare app-server, p99", f.bareP99, ms),
    row("delta through codexd, p99", f.codexdP99, ms),
    row("added by codexd, p99", f.addedP99, { ...ms, promise: ["at most 5 ms", f.addedP99.median <= 5] }),
    row("checkpoints written in a round", f.checkpoints, { unit: "", digits: 0 }),
  ];
};

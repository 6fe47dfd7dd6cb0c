// Lists and deltas of a codexd with many sessions, while their checkpoint is written again and again.
import { setTimeout as sleep } from "node:timers/promises";
import { percentilesOf } from "./arrivals.ts";
import { SUBSCRIBERS } from "./measure.ts";
import type { PagesRequest, PagesResult } from "./pages-process.ts";
import { sessions, writeLog } from "./prepared-log.ts";
import { type Row, row } from "./report.ts";
import { Stack } from "./stack.ts";
import { type Figure, figureOf, percentile } from "./statistics.ts";
import { Worker } from "./worker.ts";

export const SESSIONS = 50_000;
const PACED = { deltas: 1000, intervalMs: 5 };
/**
 * Each deletion has both generations of all checkpoints written anew, which takes most of a round. More of them would
 * measure their fsync instead: what comes after a deletion is shown when that is on disk.
 */
const DELETE_EVERY_MS = 5000;

export interface SessionsFigures {
  readonly pageP95: Figure;
  /** The same page as the product's client hands it over. */
  readonly clientP95: Figure;
  /** `/healthz` between the pages: what any answer costs on this machine then. */
  readonly healthP95: Figure;
  readonly bareP99: Figure;
  readonly codexdP99: Figure;
  readonly addedP99: Figure;
  readonly checkpoints: Figure;
}

export async function measureSessions(o: { rounds: number; profileDir: string | undefined }): Promise<SessionsFigures> {
  const stack = await Stack.start({ ...o, log: (dir) => writeLog(dir, sessions(SESSIONS)) });
  const pages = Worker.start("pages-process");
  const rounds: (Round & { bareP99: number })[] = [];
  try {
    await stack.bareTurn(PACED);
    await pages.call({ kind: "warmUp", ...stack.address() } satisfies PagesRequest);
    await round(stack, pages);
    for (let done = 0; done < o.rounds; done += 1) {
      const bareP99 = percentilesOf([await stack.bareTurn(PACED)]).p99Ms;
      rounds.push({ bareP99, ...(await round(stack, pages)) });
    }
  } finally {
    await pages.stop();
    await stack.stop();
  }
  const of = (key: keyof Round | "bareP99"): Figure => figureOf(rounds.map((one) => one[key]));
  return {
    pageP95: of("pageP95"),
    clientP95: of("clientP95"),
    healthP95: of("healthP95"),
    bareP99: of("bareP99"),
    codexdP99: of("codexdP99"),
    addedP99: figureOf(rounds.map((one) => one.codexdP99 - one.bareP99)),
    checkpoints: of("checkpoints"),
  };
}

interface Round {
  readonly pageP95: number;
  readonly clientP95: number;
  readonly healthP95: number;
  readonly codexdP99: number;
  readonly checkpoints: number;
}

/** One paced turn, with pages and deletions beside it. */
async function round(stack: Stack, pages: Worker): Promise<Round> {
  let isOver = false;
  const before = stack.checkpointWrites();
  await pages.call({ kind: "start", ...stack.address() } satisfies PagesRequest);
  const turn = stack.codexdTurn(PACED, SUBSCRIBERS).finally(() => (isOver = true));
  const deletions = deleteUntil(stack, () => isOver);
  const { readers } = await turn;
  const { pageMs, clientMs, healthMs } = await pages.call<PagesResult>({ kind: "stop" } satisfies PagesRequest);
  await deletions;
  return {
    pageP95: percentile(pageMs, 0.95),
    clientP95: percentile(clientMs, 0.95),
    healthP95: percentile(healthMs, 0.95),
    codexdP99: percentilesOf(readers).p99Ms,
    checkpoints: stack.checkpointWrites() - before,
  };
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
    row("page of 50 sessions, p95", f.pageP95, { ...ms, promise: ["at most 5 ms", f.pageP95.median <= 5] }),
    row("the same, checked by the product's client, p95", f.clientP95, ms),
    row("`/healthz` between the pages, p95", f.healthP95, ms),
    row("delta from a bare app-server, p99", f.bareP99, ms),
    row("delta through codexd, p99", f.codexdP99, ms),
    row("added by codexd, p99", f.addedP99, { ...ms, promise: ["at most 5 ms", f.addedP99.median <= 5] }),
    row("checkpoints written in a round", f.checkpoints, { unit: "", digits: 0 }),
  ];
};

// kill -9 in the middle of a turn, with a gibibyte of log: how long until codexd is ready, and the turn is settled.
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Codexd, plainRequest, startCodexd } from "../../packages/test-kit/src/index.ts";
import { writePrompt } from "./load.ts";
import { deltas, writeLog } from "./prepared-log.ts";
import { type Row, row } from "./report.ts";
import { replaceLog } from "./stack.ts";
import { type Figure, figureOf } from "./statistics.ts";
import { Worker } from "./worker.ts";

const LOG_BYTES = 2 ** 30;
/** Characters of a delta, and about what its record takes beside them. */
const DELTA_CHARS = 3000;
const RECORD_BYTES = 300;
const ROUNDS_MAX = 3;
/** Longer than the round: the turn is in progress when the kill comes. */
const ENDLESS = { deltas: 100_000, intervalMs: 20 };

export interface RecoveryFigures {
  readonly logMib: number;
  readonly readyMs: Figure;
  readonly settledMs: Figure;
}

interface TurnReply {
  readonly turn: { readonly id: string; readonly sessionId: string; readonly state: string };
}

export async function measureRecovery(rounds: number): Promise<RecoveryFigures> {
  const provider = Worker.start("provider-process");
  let codexd: Codexd | undefined;
  try {
    const { url } = await provider.call<{ url: string }>({ kind: "start" });
    codexd = await startCodexd({ built: true, provider: { url }, timeoutMs: 120_000 });
    const count = Math.ceil(LOG_BYTES / (DELTA_CHARS + RECORD_BYTES));
    await replaceLog(codexd, (dir) => writeLog(dir, deltas(count, DELTA_CHARS)));
    // A life that ends in order leaves the checkpoints that a daemon of this age has.
    await codexd.restart();
    const [ready, settled]: [number[], number[]] = [[], []];
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round += 1) {
      const took = await killAndRecover(codexd);
      ready.push(took.readyMs);
      settled.push(took.settledMs);
    }
    const logMib = Math.round(sizeOf(codexd.layout.logsDir) / 2 ** 20);
    return { logMib, readyMs: figureOf(ready), settledMs: figureOf(settled) };
  } finally {
    await codexd?.dispose();
    await provider.stop();
  }
}

async function killAndRecover(codexd: Codexd): Promise<{ readyMs: number; settledMs: number }> {
  const { session } = await posted<{ session: { id: string } }>(codexd, "/v1/codexd/sessions", {});
  const { turn } = await posted<TurnReply>(codexd, `/v1/codexd/sessions/${session.id}/turns`, {
    input: writePrompt(ENDLESS),
  });
  const file = `/v1/codexd/sessions/${session.id}/turns/${turn.id}`;
  const stateOf = async (waitMs: number): Promise<string> =>
    ((await codexd.request("GET", `${file}?waitMs=${waitMs}`)).json as TurnReply).turn.state;
  while ((await stateOf(0)) !== "running") await sleep(20);
  await sleep(300);
  await codexd.kill("SIGKILL");
  const startedMs = performance.now();
  await codexd.start({ until: "spawned" });
  await untilReady(`${codexd.url}/readyz`);
  const readyMs = performance.now() - startedMs;
  const state = await stateOf(30_000);
  const settledMs = performance.now() - startedMs;
  if (state !== "interrupted") throw new Error(`the turn that was cut ended as ${state}`);
  return { readyMs, settledMs };
}

async function untilReady(url: string): Promise<void> {
  while ((await plainRequest({ url, timeoutMs: 2000 }).catch(() => undefined))?.status !== 200) await sleep(5);
}

/** A POST that must succeed. */
export async function posted<T>(codexd: Codexd, path: string, body: unknown): Promise<T> {
  const reply = await codexd.request("POST", path, body);
  if (reply.status >= 300) throw new Error(`${path}: ${reply.status} ${reply.text}`);
  return reply.json as T;
}

const sizeOf = (dir: string): number =>
  fs.readdirSync(dir).reduce((sum, name) => sum + fs.statSync(`${dir}/${name}`).size, 0);

export const recoveryRows = (f: RecoveryFigures): Row[] => {
  const [ready, settled] = [f.readyMs.median, f.settledMs.median];
  return [
    row("to ready again", f.readyMs, { unit: " ms", digits: 0, promise: ["at most 1000 ms", ready <= 1000] }),
    row("to a settled turn", f.settledMs, { unit: " ms", digits: 0, promise: ["at most 5000 ms", settled <= 5000] }),
  ];
};

// Replay of a long log over WebSocket against `ws` sending the same frames from memory.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { REPO_ROOT, startCodexd } from "../../packages/test-kit/src/index.ts";
import type { CountRequest } from "./counting-process.ts";
import { deltas, writeLog } from "./prepared-log.ts";
import { type Row, row } from "./report.ts";
import { replaceLog } from "./stack.ts";
import { SILENT_CHILD } from "./start.ts";
import { type Figure, figureOf } from "./statistics.ts";
import { Worker } from "./worker.ts";

export const REPLAYED = 1_000_000;
/** The session, three events before the deltas and the turn's end after them. */
const OTHERS = 5;
const ROUNDS_MAX = 3;

export interface ReplayFigures {
  readonly wsMs: Figure;
  readonly codexdMs: Figure;
  readonly times: Figure;
}

export async function measureReplay(rounds: number): Promise<ReplayFigures> {
  const counter = Worker.start("counting-process");
  const codexd = await startCodexd({ built: true, child: SILENT_CHILD, until: "listening", timeoutMs: 120_000 });
  let sender: Sender | undefined;
  try {
    await replaceLog(codexd, async (dir) => {
      await writeLog(dir, deltas(REPLAYED - OTHERS, 40));
      sender = await startSender(dir);
    });
    const count = async (request: Omit<CountRequest, "frames">): Promise<number> =>
      (await counter.call<{ ms: number }>({ ...request, frames: REPLAYED })).ms;
    const [ws, own]: [number[], number[]] = [[], []];
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round += 1) {
      ws.push(await count({ url: sender?.url ?? "", token: "" }));
      own.push(await count({ url: `${codexd.url}/v1/codexd/events?after=0`, token: codexd.token() }));
    }
    const times = own.map((ms, i) => ms / (ws[i] ?? Number.NaN));
    return { wsMs: figureOf(ws), codexdMs: figureOf(own), times: figureOf(times) };
  } finally {
    sender?.process.kill();
    await counter.stop();
    await codexd.dispose();
  }
}

interface Sender {
  readonly url: string;
  readonly process: ChildProcess;
}

async function startSender(dir: string): Promise<Sender> {
  const tsx = createRequire(import.meta.url).resolve("tsx");
  const file = path.join(REPO_ROOT, "packages/http/bench/ready-frames.ts");
  const child = spawn(process.execPath, ["--import", pathToFileURL(tsx).href, file, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { url: `http://127.0.0.1:${Number(line.toString())}`, process: child };
}

export const replayRows = (f: ReplayFigures): Row[] => [
  row("ws, the same frames from memory, corked", f.wsMs, { unit: " ms", digits: 0 }),
  row("codexd, from its files", f.codexdMs, { unit: " ms", digits: 0 }),
  row("codexd of ws", f.times, { unit: "x", digits: 2, promise: ["at most 2x", f.times.median <= 2] }),
];

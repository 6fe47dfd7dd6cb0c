// How fast codexd starts and what it holds, against the least service of the same parts, bundled the same way.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Codexd, plainRequest, REPO_ROOT, startCodexd, tempRoot } from "../../packages/test-kit/src/index.ts";
import { bundle } from "../dev/bundle.mjs";
import { type Row, row } from "./report.ts";
import { type Figure, figureOf } from "./statistics.ts";

/** Memory is read this long after the first answer, when nothing is left to do. */
const IDLE_MS = 1500;
const MIB = 1024 * 1024;

/** A child that says nothing: what a real one does is not codexd's. */
export const SILENT_CHILD = { command: "/bin/sh", args: ["-c", "exec sleep 600", "app-server"] };

export interface StartFigures {
  readonly bareMs: Figure;
  readonly codexdMs: Figure;
  readonly timesSlower: Figure;
  readonly bareMib: Figure;
  readonly codexdMib: Figure;
  readonly timesLarger: Figure;
}

interface Sample {
  readonly ms: number;
  readonly mib: number;
}

export async function measureStart(rounds: number): Promise<StartFigures> {
  const root = tempRoot({ prefix: "baa-bench-start-" });
  const app = root.join("bare-app.mjs");
  const http = path.join(REPO_ROOT, "packages/http");
  await bundle(path.join(http, "bench/bare-app.ts"), app, { isPlain: true });
  const codexd = await startCodexd({ built: true, child: SILENT_CHILD, until: "listening" });
  const [bare, own]: [Sample[], Sample[]] = [[], []];
  try {
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await startBare(app));
      own.push(await startOwn(codexd));
    }
  } finally {
    await codexd.dispose();
    root.remove();
  }
  const of = (samples: Sample[], key: keyof Sample): Figure => figureOf(samples.map((sample) => sample[key]));
  const ratio = (key: keyof Sample): Figure => figureOf(own.map((sample, i) => sample[key] / (bare[i]?.[key] ?? 0)));
  return {
    bareMs: of(bare, "ms"),
    codexdMs: of(own, "ms"),
    timesSlower: ratio("ms"),
    bareMib: of(bare, "mib"),
    codexdMib: of(own, "mib"),
    timesLarger: ratio("mib"),
  };
}

async function startBare(app: string): Promise<Sample> {
  const port = await freePort();
  const startedMs = performance.now();
  const child = spawn(process.execPath, [app, String(port)], { stdio: "ignore" });
  const sample = await sampleOf({ url: `http://127.0.0.1:${port}`, pid: child.pid ?? -1, startedMs });
  await stopped(child);
  return sample;
}

async function startOwn(codexd: Codexd): Promise<Sample> {
  await codexd.stop();
  const startedMs = performance.now();
  await codexd.start({ until: "spawned" });
  return sampleOf({ url: codexd.url, pid: codexd.pid, startedMs });
}

async function sampleOf(o: { url: string; pid: number; startedMs: number }): Promise<Sample> {
  await firstAnswer(`${o.url}/healthz`);
  const ms = performance.now() - o.startedMs;
  await sleep(IDLE_MS);
  const kib = Number(execFileSync("ps", ["-o", "rss=", "-p", String(o.pid)], { encoding: "utf8" }));
  return { ms, mib: (kib * 1024) / MIB };
}

/** Resolves with the first 200 of `url`. */
export async function firstAnswer(url: string): Promise<void> {
  for (;;) {
    const reply = await plainRequest({ url, timeoutMs: 1000 }).catch(() => undefined);
    if (reply?.status === 200) return;
    await sleep(2);
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export const startRows = (f: StartFigures): Row[] => {
  const [slower, larger] = [f.timesSlower.median, f.timesLarger.median];
  return [
    row("bare app from exec to the first answer", f.bareMs, { unit: " ms", digits: 0 }),
    row("codexd from exec to the first answer", f.codexdMs, { unit: " ms", digits: 0 }),
    row("codexd of bare", f.timesSlower, { unit: "x", digits: 2, promise: ["at most 1.5x", slower <= 1.5] }),
    row("bare app, resident memory when idle", f.bareMib, { unit: " MiB", digits: 0 }),
    row("codexd without a child, the same", f.codexdMib, { unit: " MiB", digits: 0 }),
    row("codexd of bare", f.timesLarger, { unit: "x", digits: 2, promise: ["at most 1.2x", larger <= 1.2] }),
  ];
};

// `pnpm bench`: codexd against its yardsticks in one run. See docs/reference/performance.md.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { findBrowser, whyNoBrowser } from "../../packages/test-kit/src/browser/index.ts";
import { firefoxRows, measureFirefox } from "./firefox.ts";
import { loadPerCore, machineFacts } from "./machine.ts";
import { FANOUT_DELTAS, measureFanout, measureLatency, measureThroughput, SUBSCRIBERS, warmUp } from "./measure.ts";
import { type BenchOptions, type Measurement, readOptions, USAGE } from "./options.ts";
import { measureMemory, memoryRows } from "./memory.ts";
import { measureProxy, proxyRows } from "./proxy.ts";
import { measureRealFirefox, realFirefoxRows } from "./real-firefox.ts";
import { measureRecovery, recoveryRows } from "./recovery.ts";
import { measureReplay, REPLAYED, replayRows } from "./replay.ts";
import { fanoutRows, latencyRows, type Row, table, throughputRows, writeFigures } from "./report.ts";
import { measureSessions, SESSIONS, sessionsRows } from "./sessions.ts";
import { Stack } from "./stack.ts";
import { measureStart, startRows } from "./start.ts";
import { measureTurns, TURNS, turnsRows } from "./turns.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** The bundles are measured, so they are made first: a stale one would tell of yesterday's code. */
const build = (app: string): void => run(["scripts/dev/build-app.mjs", app]);

function run(args: readonly string[]): void {
  const ended = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (ended.status !== 0) throw new Error(`${args.join(" ")} failed:\n${ended.stdout}${ended.stderr}`);
}

/** The daemons that the measurements need. */
function buildFor(only: BenchOptions["only"]): void {
  build("codexd");
  if (only.has("proxy") || only.has("memory") || only.has("firefox")) build("conductor-daemon");
  if (only.has("firefox")) run(["scripts/dev/build-extension.mjs"]);
  if (only.has("memory")) build("status-api");
}

type Show = (title: string, rows: readonly Row[]) => void;

/** What needs both sides on one provider. */
async function measureOnStack(o: BenchOptions, show: Show): Promise<void> {
  if (!["latency", "throughput", "fanout"].some((name) => o.only.has(name as Measurement))) return;
  const stack = await Stack.start(o);
  stopOnSignal(() => stack.stop());
  try {
    await warmUp(stack);
    if (o.only.has("latency")) {
      const title = `Latency of a delta, 200 a second, ${SUBSCRIBERS} subscribers`;
      show(title, latencyRows(await measureLatency(stack, o.rounds)));
    }
    if (o.only.has("throughput")) {
      show(`${inWords(o.deltas)} deltas flat out`, throughputRows(await measureThroughput(stack, o)));
    }
    if (o.only.has("fanout")) {
      const title = `${inWords(FANOUT_DELTAS)} deltas to ${o.subscribers} subscribers`;
      show(title, fanoutRows(await measureFanout(stack, o)));
    }
  } finally {
    await stack.stop();
  }
}

/** Runs what was asked for, each with its own codexd. */
async function measure(o: BenchOptions, show: Show): Promise<void> {
  if (o.only.has("start")) show("Start", startRows(await measureStart(o.rounds)));
  await measureOnStack(o, show);
  if (o.only.has("sessions")) {
    const title = `${inWords(SESSIONS)} sessions, their checkpoint being written`;
    show(title, sessionsRows(await measureSessions(o)));
  }
  if (o.only.has("replay")) {
    show(`Replay of ${inWords(REPLAYED)} events over WebSocket`, replayRows(await measureReplay(o.rounds)));
  }
  if (o.only.has("recovery")) {
    const figures = await measureRecovery(o.rounds);
    show(`kill -9 in a turn, ${inWords(figures.logMib)} MiB of log`, recoveryRows(figures));
  }
  if (o.only.has("turns")) show(`${TURNS} turns at once`, turnsRows(await measureTurns()));
  if (o.only.has("proxy")) show("Through conductor", proxyRows(await measureProxy(o)));
  if (o.only.has("firefox")) {
    show("The bridge to Firefox", firefoxRows(await measureFirefox({ rounds: Math.min(o.rounds, 3) })));
    if (findBrowser("firefox") === undefined) console.log(`${whyNoBrowser()}\n`);
    else show("The same in a real Firefox", realFirefoxRows(await measureRealFirefox(o)));
  }
  if (o.only.has("memory")) show("All daemons, idle", memoryRows(await measureMemory(Math.min(o.rounds, 3))));
}

const inWords = (count: number): string => count.toLocaleString("en");

function stopOnSignal(stop: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void stop().finally(() => process.exit(1)));
}

async function main(o: BenchOptions): Promise<void> {
  buildFor(o.only);
  const loadBefore = loadPerCore();
  const tables: string[] = [];
  await measure(o, (title, rows) => {
    const text = table(title, rows);
    tables.push(text);
    console.log(`${text}\n`);
  });
  const facts = [
    `${new Date().toISOString().slice(0, 10)}, ${machineFacts()}; load per core before the run ${loadBefore.toFixed(2)}.`,
    ...(loadBefore < 1 ? [] : ["The machine was busy with other work: p99 tells of its scheduler, too."]),
    `\`pnpm bench\`, ${o.rounds} rounds of each (long ones 3 at most), yardstick and codexd by turns.`,
  ].join("\n");
  console.log(facts);
  if (o.write) writeFigures(path.join(root, "docs/reference/performance.md"), [facts, ...tables].join("\n\n"));
}

function optionsOrUsage(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${String(error)}\n\n${USAGE}`);
    process.exit(64);
  }
}

try {
  await main(optionsOrUsage());
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}

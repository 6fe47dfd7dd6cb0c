// `pnpm bench`: codexd against a bare app-server on the same provider in one run. See docs/reference/performance.md.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { loadPerCore, machineFacts } from "./machine.ts";
import { measureLatency, measureStart, measureThroughput, SUBSCRIBERS, warmUp } from "./measure.ts";
import { type BenchOptions, readOptions, USAGE } from "./options.ts";
import { latencyRows, startRows, table, throughputRows, writeFigures } from "./report.ts";
import { Stack } from "./stack.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** The bundle is measured, so it is made first: a stale one would tell of yesterday's code. */
function buildCodexd(): void {
  const built = spawnSync(process.execPath, ["scripts/dev/build-app.mjs", "codexd"], { cwd: root, encoding: "utf8" });
  if (built.status !== 0) throw new Error(`codexd cannot be built:\n${built.stdout}${built.stderr}`);
}

/** Runs what was asked for and returns a table for each. */
async function measure(stack: Stack, o: BenchOptions): Promise<string[]> {
  const tables: string[] = [];
  const show = (text: string): void => {
    tables.push(text);
    console.log(`${text}\n`);
  };
  if (o.only.has("start")) show(table("Start", startRows(await measureStart(stack, o.rounds))));
  await warmUp(stack);
  if (o.only.has("latency")) {
    const title = `Latency of a delta, 200 a second, ${SUBSCRIBERS} subscribers`;
    show(table(title, latencyRows(await measureLatency(stack, o.rounds))));
  }
  if (o.only.has("throughput")) {
    const title = `${o.deltas.toLocaleString("en")} deltas flat out`;
    show(table(title, throughputRows(await measureThroughput(stack, o))));
  }
  return tables;
}

async function main(o: BenchOptions): Promise<void> {
  buildCodexd();
  const loadBefore = loadPerCore();
  const stack = await Stack.start(o);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => void stack.stop().finally(() => process.exit(1)));
  }
  let tables: string[];
  try {
    tables = await measure(stack, o);
  } finally {
    await stack.stop();
  }
  const facts = [
    `${new Date().toISOString().slice(0, 10)}, ${machineFacts()}; load per core before the run ${loadBefore.toFixed(2)}.`,
    ...(loadBefore < 1 ? [] : ["The machine was busy with other work: p99 tells of its scheduler, too."]),
    `\`pnpm bench\`, ${o.rounds} rounds of each, bare and codexd by turns.`,
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

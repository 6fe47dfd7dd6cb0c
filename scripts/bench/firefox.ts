// The bridge to Firefox: how long a command takes through a real conductor, and what a browser can cost it.
import { type ConductorClient, createConductorClient } from "../../packages/client/src/index.ts";
import { Codexd, type Conductor, startConductor } from "../../packages/test-kit/src/index.ts";
import type { CommandsRequest } from "./commands-process.ts";
import type { FirefoxRequest } from "./firefox-process.ts";
import { rssMib } from "./memory.ts";
import { type Row, row } from "./report.ts";
import { SILENT_CHILD } from "./start.ts";
import { type Figure, figureOf, percentile } from "./statistics.ts";
import { Worker } from "./worker.ts";

const COMMANDS = 500;
const WARM_UP = 500;
/** Almost as many and as large as one browser's may be. */
const BURDEN = 250;
const BURDEN_CHARS = 1_000_000;
/** Of a queue as long, but not of the longest commands. */
const QUEUE_CHARS = 250_000;
const LONG_RESULT_CHARS = 32 * 1024 * 1024;
const WAIT_MS = 60_000;
const SAMPLE_MS = 50;

export interface FirefoxFigures {
  readonly p50: Figure;
  readonly p99: Figure;
  /** With a queue for a browser that stalls, beyond what an idle one holds. */
  readonly queueMib: Figure;
  /** Under the greatest burden, beyond what an idle one holds. */
  readonly readsMib: Figure;
  /** While they are queued, beyond what it holds when the browser reads. */
  readonly stallsMib: Figure;
  /** The same while the browser takes all that has waited, as fast as it can. */
  readonly catchesUpMib: Figure;
  readonly longMs: Figure;
  readonly longMib: Figure;
}

interface Sides {
  readonly conductor: Conductor;
  readonly client: ConductorClient;
  readonly browser: Worker;
  readonly caller: Worker;
}

interface Round {
  readonly p50: number;
  readonly p99: number;
  readonly queueMib: number;
  readonly readsMib: number;
  readonly stallsMib: number;
  readonly catchesUpMib: number;
  readonly longMs: number;
  readonly longMib: number;
}

export async function measureFirefox(o: { rounds: number }): Promise<FirefoxFigures> {
  const rounds: Round[] = [];
  for (let done = 0; done < o.rounds; done += 1) {
    // By another conductor: what a burden leaves would count in the next.
    const queueMib = await withBridge(measureQueue);
    rounds.push({ ...(await withBridge(measureRound)), queueMib });
  }
  const of = (key: keyof Round): Figure => figureOf(rounds.map((one) => one[key]));
  return {
    p50: of("p50"),
    p99: of("p99"),
    queueMib: of("queueMib"),
    readsMib: of("readsMib"),
    stallsMib: of("stallsMib"),
    catchesUpMib: of("catchesUpMib"),
    longMs: of("longMs"),
    longMib: of("longMib"),
  };
}

/** A conductor of its own for each round: what it holds after one would count in the next. */
async function withBridge<T>(measure: (sides: Sides) => Promise<T>): Promise<T> {
  const codexd = new Codexd({ child: SILENT_CHILD });
  const browser = Worker.start("firefox-process");
  const caller = Worker.start("commands-process");
  let conductor: Conductor | undefined;
  let client: ConductorClient | undefined;
  try {
    conductor = await startConductor({ built: true, codexd });
    const { url } = conductor;
    client = createConductorClient({ baseUrl: url, token: conductor.token(), timeoutMs: WAIT_MS });
    const { pairing } = await client.createFirefoxPairing({ body: { kind: "code" } });
    const pair: FirefoxRequest = { kind: "pair", url, code: pairing.code ?? "", longChars: LONG_RESULT_CHARS };
    await browser.call(pair);
    return await measure({ conductor, client, browser, caller });
  } finally {
    await client?.close();
    await browser.stop();
    await caller.stop();
    await conductor?.dispose();
    await codexd.dispose();
  }
}

async function measureQueue(sides: Sides): Promise<number> {
  await roundTrips(sides, WARM_UP);
  const idleMib = rssMib(sides.conductor.pid);
  return (await burden(sides, { stalls: true, chars: QUEUE_CHARS })).queueingMib - idleMib;
}

async function measureRound(sides: Sides): Promise<Omit<Round, "queueMib">> {
  await roundTrips(sides, WARM_UP);
  const tookMs = await roundTrips(sides, COMMANDS);
  const idleMib = rssMib(sides.conductor.pid);
  const reads = await burden(sides, { stalls: false, chars: BURDEN_CHARS });
  const stalls = await burden(sides, { stalls: true, chars: BURDEN_CHARS });
  const beforeMib = rssMib(sides.conductor.pid);
  const long = await peakOf(sides, () => longResult(sides));
  return {
    p50: percentile(tookMs, 0.5),
    p99: percentile(tookMs, 0.99),
    readsMib: Math.max(reads.queueingMib, reads.endingMib) - idleMib,
    stallsMib: stalls.queueingMib - reads.queueingMib,
    catchesUpMib: stalls.endingMib - reads.endingMib,
    longMs: long.result,
    longMib: long.mib - beforeMib,
  };
}

/** One after the other; milliseconds from the request to the end that it returns. */
const roundTrips = ({ conductor, caller }: Sides, count: number): Promise<number[]> =>
  caller.call({
    baseUrl: conductor.url,
    token: conductor.token(),
    method: "page.text",
    params: {},
    count,
  } satisfies CommandsRequest);

/**
 * As many and as large commands as may wait for a browser. One that stalls reads nothing until all are queued; each is
 * done once at last. Returns what conductor held at most while they were queued, and until all had ended.
 */
async function burden(
  sides: Sides,
  o: { stalls: boolean; chars: number },
): Promise<{ queueingMib: number; endingMib: number }> {
  const { browser } = sides;
  const before = await browser.call<number>({ kind: "executed" } satisfies FirefoxRequest);
  if (o.stalls) await browser.call({ kind: "stall" } satisfies FirefoxRequest);
  const queueing = await peakOf(sides, () => queue(sides, o.chars));
  if (o.stalls) await browser.call({ kind: "resume" } satisfies FirefoxRequest);
  const ending = await peakOf(sides, () => waitEnds(sides, queueing.result));
  const done = (await browser.call<number>({ kind: "executed" } satisfies FirefoxRequest)) - before;
  if (done !== BURDEN) throw new Error(`the browser did ${done} of ${BURDEN} commands`);
  return { queueingMib: queueing.mib, endingMib: ending.mib };
}

async function queue({ client }: Sides, chars: number): Promise<string[]> {
  const params = { selector: "input", text: "x".repeat(chars) };
  const ids: string[] = [];
  for (let queued = 0; queued < BURDEN; queued += 1) {
    const body = { method: "page.type", params, ttlMs: 10 * WAIT_MS };
    ids.push((await client.createFirefoxCommand({ body })).command.id);
  }
  return ids;
}

async function waitEnds({ client }: Sides, ids: readonly string[]): Promise<void> {
  for (const commandId of ids) {
    const { command } = await client.firefoxCommand({ params: { commandId }, query: { waitMs: WAIT_MS } });
    if (command.state !== "completed") throw new Error(`a command that had waited ended ${command.state}`);
  }
}

/** Milliseconds from the call to the end of a command whose result has 32 MiB; then it is read, whole. */
async function longResult({ client }: Sides): Promise<number> {
  const startedMs = performance.now();
  const { command } = await client.createFirefoxCommand({ body: { method: "page.html", waitMs: WAIT_MS } });
  const tookMs = performance.now() - startedMs;
  const text = await client.firefoxCommandResult({ params: { commandId: command.id } });
  const { html } = JSON.parse(text) as { html: string };
  if (html.length !== LONG_RESULT_CHARS) throw new Error(`${html.length} of ${LONG_RESULT_CHARS} characters came`);
  return tookMs;
}

/** What conductor holds at most while something is done. */
async function peakOf<T>({ conductor }: Sides, work: () => Promise<T>): Promise<{ result: T; mib: number }> {
  let peakMib = 0;
  const look = (): void => void (peakMib = Math.max(peakMib, rssMib(conductor.pid)));
  const timer = setInterval(look, SAMPLE_MS);
  try {
    const result = await work();
    look();
    return { result, mib: peakMib };
  } finally {
    clearInterval(timer);
  }
}

export const firefoxRows = (f: FirefoxFigures): Row[] => {
  const ms = { unit: " ms", digits: 2 };
  const mib = { unit: " MiB", digits: 0 };
  return [
    row("command and its result, one after the other, p50", f.p50, {
      ...ms,
      promise: ["at most 5 ms", f.p50.median <= 5],
    }),
    row("the same, p99", f.p99, ms),
    row(
      `conductor with ${BURDEN} commands of 250 KB for a browser that stalls, more resident memory than idle`,
      f.queueMib,
      {
        ...mib,
        promise: ["at most 64 MiB", f.queueMib.median <= 64],
      },
    ),
    row(`the same under ${BURDEN} commands of 1 MB, which it reads`, f.readsMib, mib),
    row("more than that when the browser stalls meanwhile", f.stallsMib, {
      ...mib,
      promise: ["at most 64 MiB", f.stallsMib.median <= 64],
    }),
    row("more than that when it reads on, all at once", f.catchesUpMib, mib),
    { what: "of these commands, lost or done twice", value: "0", range: "0 .. 0", promise: "none: kept" },
    row("a result of 32 MiB, to its end", f.longMs, { ...ms, digits: 0 }),
    row("conductor meanwhile, more resident memory than before", f.longMib, mib),
  ];
};

// What conductor costs between a client and codexd: the same calls and the same turn, direct and through it.
import path from "node:path";
import { type Codexd, type Conductor, startCodexd, startConductor } from "../../packages/test-kit/src/index.ts";
import { percentilesOf, type ReaderResult } from "./arrivals.ts";
import type { HttpLoadRequest, HttpLoadResult } from "./http-load-process.ts";
import { type Load, writePrompt } from "./load.ts";
import { posted } from "./recovery.ts";
import { type Row, row } from "./report.ts";
import { type Figure, figureOf } from "./statistics.ts";
import type { SubscriberRequest } from "./subscriber-process.ts";
import { Worker } from "./worker.ts";

/** Connections of the throughput measurement. */
const CONNECTIONS = 10;
const LOAD_MS = 3_000;
const WARM_UP_MS = 1_500;
const PACED: Load = { deltas: 600, intervalMs: 5 };
/** Subscribers on each side of the delta measurement. */
const SUBSCRIBERS = 5;
const SESSIONS = "/v1/codexd/sessions";

export interface ProxyFigures {
  readonly directRate: Figure;
  readonly proxiedRate: Figure;
  readonly share: Figure;
  readonly directP50: Figure;
  readonly proxiedP50: Figure;
  readonly addedP50: Figure;
  readonly deltaDirectP50: Figure;
  readonly deltaProxiedP50: Figure;
  readonly deltaAddedP50: Figure;
}

interface Sides {
  readonly codexd: Codexd;
  readonly conductor: Conductor;
  readonly load: Worker;
  readonly direct: Worker;
  readonly proxied: Worker;
}

interface Pair {
  readonly direct: number;
  readonly proxied: number;
}

export async function measureProxy(o: { rounds: number; profileDir: string | undefined }): Promise<ProxyFigures> {
  const workers = ["provider-process", "http-load-process", "subscriber-process", "subscriber-process"].map((name) =>
    Worker.start(name),
  );
  const [provider, load, direct, proxied] = workers as [Worker, Worker, Worker, Worker];
  let codexd: Codexd | undefined;
  let conductor: Conductor | undefined;
  try {
    const { url } = await provider.call<{ url: string }>({ kind: "start" });
    codexd = await startCodexd({ built: true, provider: { url }, timeoutMs: 120_000 });
    const profile = o.profileDir === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", path.resolve(o.profileDir)];
    conductor = await startConductor({ codexd, built: true, nodeArgs: profile, timeoutMs: 120_000 });
    return await figuresOf({ codexd, conductor, load, direct, proxied }, o.rounds);
  } finally {
    if (conductor?.isRunning === true) await conductor.stop();
    await conductor?.dispose();
    await codexd?.dispose();
    for (const worker of workers) await worker.stop();
  }
}

async function figuresOf(sides: Sides, rounds: number): Promise<ProxyFigures> {
  const { session } = await posted<{ session: { id: string } }>(sides.codexd, SESSIONS, { title: "bench" });
  await askBoth(sides, session.id, { connections: CONNECTIONS, ms: WARM_UP_MS });
  await deltas(sides);
  const [rates, calls, streamed]: [Pair[], Pair[], Pair[]] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    const many = await askBoth(sides, session.id, { connections: CONNECTIONS, ms: LOAD_MS });
    rates.push({ direct: many.direct.rate, proxied: many.proxied.rate });
    const one = await askBoth(sides, session.id, { connections: 1, ms: LOAD_MS });
    calls.push({ direct: one.direct.p50Ms, proxied: one.proxied.p50Ms });
    streamed.push(await deltas(sides));
  }
  const of = (pairs: Pair[], figure: (pair: Pair) => number): Figure => figureOf(pairs.map(figure));
  const added = ({ direct, proxied }: Pair): number => proxied - direct;
  return {
    directRate: of(rates, ({ direct }) => direct),
    proxiedRate: of(rates, ({ proxied }) => proxied),
    share: of(rates, ({ direct, proxied }) => (100 * proxied) / direct),
    directP50: of(calls, ({ direct }) => direct),
    proxiedP50: of(calls, ({ proxied }) => proxied),
    addedP50: of(calls, added),
    deltaDirectP50: of(streamed, ({ direct }) => direct),
    deltaProxiedP50: of(streamed, ({ proxied }) => proxied),
    deltaAddedP50: of(streamed, added),
  };
}

/** The same load on codexd and on conductor, one after the other. */
async function askBoth(
  { codexd, conductor, load }: Sides,
  sessionId: string,
  o: { connections: number; ms: number },
): Promise<{ direct: HttpLoadResult; proxied: HttpLoadResult }> {
  const ask = (url: string, token: string): Promise<HttpLoadResult> =>
    load.call<HttpLoadResult>({ ...o, url: `${url}/${sessionId}`, token } satisfies HttpLoadRequest);
  return {
    direct: await ask(`${codexd.url}${SESSIONS}`, codexd.token()),
    proxied: await ask(`${conductor.url}/v1/codex/sessions`, conductor.token()),
  };
}

/** One turn, read at codexd and at conductor at the same time: medians from the provider's stamp to the readers. */
async function deltas({ codexd, conductor, direct, proxied }: Sides): Promise<Pair> {
  const open = (url: string, token: string): SubscriberRequest => ({ kind: "open", url, token, count: SUBSCRIBERS });
  await direct.call(open(`${codexd.url}/v1/codexd/events`, codexd.token()));
  await proxied.call(open(`${conductor.url}/v1/codex/events`, conductor.token()));
  const { session } = await posted<{ session: { id: string } }>(codexd, SESSIONS, {});
  await posted(codexd, `${SESSIONS}/${session.id}/turns`, { input: writePrompt(PACED) });
  const results = (worker: Worker): Promise<ReaderResult[]> =>
    worker.call<ReaderResult[]>({ kind: "results" } satisfies SubscriberRequest);
  const [near, far] = await Promise.all([results(direct), results(proxied)]);
  for (const { deltas: got } of [...near, ...far]) {
    if (got !== PACED.deltas) throw new Error(`a reader got ${got} of ${PACED.deltas} deltas`);
  }
  return { direct: percentilesOf(near).p50Ms, proxied: percentilesOf(far).p50Ms };
}

export const proxyRows = (f: ProxyFigures): Row[] => {
  const ms = { unit: " ms", digits: 2 };
  const rate = { unit: "/s", digits: 0 };
  const [call, delta] = [f.addedP50.median, f.deltaAddedP50.median];
  return [
    row(`GET of a session, ${CONNECTIONS} connections, codexd`, f.directRate, rate),
    row("the same through conductor", f.proxiedRate, rate),
    row("conductor of codexd", f.share, {
      unit: " %",
      digits: 1,
      promise: ["at least 35 %", f.share.median >= 35],
    }),
    row("GET of a session, one connection, codexd, p50", f.directP50, ms),
    row("the same through conductor", f.proxiedP50, ms),
    row("added by conductor, p50", f.addedP50, { ...ms, promise: ["at most 0.4 ms", call <= 0.4] }),
    row("delta, 200 a second, from codexd, p50", f.deltaDirectP50, ms),
    row("the same through conductor", f.deltaProxiedP50, ms),
    row("added by conductor, p50", f.deltaAddedP50, { ...ms, promise: ["at most 1 ms", delta <= 1] }),
  ];
};

// GET requests over so many kept connections, one at a time on each.
import { RawConnection } from "./raw-connection.ts";
import { percentile } from "./statistics.ts";
import { serveRequests } from "./worker.ts";

export interface HttpLoadRequest {
  readonly url: string;
  readonly token: string;
  readonly connections: number;
  readonly ms: number;
}

export interface HttpLoadResult {
  /** Replies a second. */
  readonly rate: number;
  readonly p50Ms: number;
}

/** Asks again and again on one connection until `untilMs`; returns what each reply took in milliseconds. */
async function askUntil(connection: RawConnection, target: string, untilMs: number): Promise<number[]> {
  const tookMs: number[] = [];
  do tookMs.push((await connection.get(target)).tookMs);
  while (performance.now() < untilMs);
  connection.close();
  return tookMs;
}

async function load(o: HttpLoadRequest): Promise<HttpLoadResult> {
  const { origin, pathname, search } = new URL(o.url);
  const opening = Array.from({ length: o.connections }, () => RawConnection.open({ baseUrl: origin, token: o.token }));
  const connections = await Promise.all(opening);
  const startedMs = performance.now();
  const asking = connections.map((one) => askUntil(one, pathname + search, startedMs + o.ms));
  const took = (await Promise.all(asking)).flat();
  return { rate: (took.length * 1000) / (performance.now() - startedMs), p50Ms: percentile(took, 0.5) };
}

serveRequests(load, async () => undefined);

import { onTestFinished } from "vitest";
import type { SseClient, WsClient } from "../feed-clients.ts";
import { openSse, openWs } from "../feed-clients.ts";
import type { MemoryEvent } from "../memory-source.ts";
import { MemorySource } from "../memory-source.ts";
import { started as startedServer } from "../started.ts";
import { AUTHORIZED, type testServer } from "../test-server.ts";

/** A server with a feed, and clients of each of its faces; they leave when the test has ended. */
export async function started(o: Parameters<typeof testServer>[0] & { source?: MemorySource } = {}) {
  const { source, ...options } = o;
  const t = await startedServer(source === undefined ? options : { ...options, feeds: { events: source } });
  const { url } = t;
  const page = async (query: string): Promise<any> => {
    const reply = await fetch(`${url}/v1/codexd/events${query}`, { headers: AUTHORIZED });
    return { status: reply.status, ...((await reply.json()) as object) };
  };
  const ws = (query = ""): WsClient => leaving(openWs(url, `/v1/codexd/events${query}`));
  const sse = (query = "", headers: Record<string, string> = {}): SseClient =>
    leaving(openSse(url, { path: `/v1/codexd/events${query}`, headers }));
  return { ...t, source: source ?? t.source, page, ws, sse };
}

function leaving<C extends SseClient | WsClient>(client: C): C {
  onTestFinished(() => leave(client));
  return client;
}

/** A client goes without a goodbye. */
export function leave(client: SseClient | WsClient): void {
  if ("ws" in client) client.ws.terminate();
  else client.destroy();
}

/** So many events of one kind. */
export const some = (count: number, event: MemoryEvent = {}): MemoryEvent[] =>
  Array.from({ length: count }, () => event);
/** The numbers `from` to `to`. */
export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

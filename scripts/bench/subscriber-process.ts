// So many subscribers of codexd's feed over WebSocket, each parsing every event.
import { Arrivals, type ReaderResult } from "./arrivals.ts";
import { serveRequests } from "./worker.ts";
import { WsReader } from "./ws-reader.ts";

export type SubscriberRequest =
  | { readonly kind: "open"; url: string; token: string; count: number }
  | { readonly kind: "results" };

interface FeedFrame {
  readonly type: string;
  readonly data?: { delta?: string };
}

let readers: WsReader[] = [];
let results: Promise<ReaderResult>[] = [];

async function open(o: SubscriberRequest & { kind: "open" }): Promise<void> {
  for (const reader of readers) reader.close();
  readers = [];
  results = [];
  for (let opened = 0; opened < o.count; opened += 1) await subscribe(o.url, o.token);
}

/** Opens one subscription; its result comes with the end of the next turn. */
async function subscribe(url: string, token: string): Promise<void> {
  const arrivals = new Arrivals();
  let greeted: () => void = () => undefined;
  const hello = new Promise<void>((resolve) => (greeted = resolve));
  let end: (result: ReaderResult) => void = () => undefined;
  results.push(new Promise((resolve) => (end = resolve)));
  const reader = await WsReader.open(url, token, (text, nowNs) => {
    const frame = JSON.parse(text) as FeedFrame;
    if (frame.type === "item.delta") arrivals.delta(frame.data?.delta ?? "", nowNs);
    else if (frame.type === "hello") greeted();
    else if (frame.type === "turn.completed") end(arrivals.result());
    else if (frame.type === "turn.failed" || frame.type === "turn.lost") throw new Error(text);
  });
  readers.push(reader);
  await hello;
}

serveRequests(
  async (request: SubscriberRequest) => (request.kind === "open" ? open(request) : Promise.all(results)),
  async () => {
    for (const reader of readers) reader.close();
  },
);

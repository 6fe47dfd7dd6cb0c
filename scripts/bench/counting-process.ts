// A reader that only counts: what is measured is the sender.
import { serveRequests } from "./worker.ts";
import { WsReader } from "./ws-reader.ts";

export interface CountRequest {
  readonly url: string;
  readonly token: string;
  readonly frames: number;
}

serveRequests(
  async ({ url, token, frames }: CountRequest) => {
    const startedMs = performance.now();
    let left = frames;
    let done: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (done = resolve));
    const reader = await WsReader.count(url, token, (count) => {
      left -= count;
      if (left <= 0) done();
    });
    await all;
    reader.close();
    return { ms: performance.now() - startedMs };
  },
  async () => undefined,
);

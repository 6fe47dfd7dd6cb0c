// The model server of both sides: deltas flat out, or stamped with the time of sending at a steady pace.
import {
  type LoopbackProvider,
  type Script,
  startLoopbackProvider,
} from "../../packages/loopback-provider/src/index.ts";
import { type Load, readPrompt } from "./load.ts";
import { serveRequests } from "./worker.ts";

function* stamped(deltas: number): Generator<string> {
  for (let sent = 0; sent < deltas; sent += 1) yield `${process.hrtime.bigint()} `;
}

function* numbered(deltas: number): Generator<string> {
  for (let sent = 0; sent < deltas; sent += 1) yield `w${sent} `;
}

const answer = (load: Load): ReturnType<Script> => ({
  chunks: load.intervalMs > 0 ? stamped(load.deltas) : numbered(load.deltas),
  deltaIntervalMs: load.intervalMs,
});

let provider: LoopbackProvider | undefined;

serveRequests(
  async () => {
    provider = await startLoopbackProvider({ script: (request) => answer(readPrompt(request.userText)), bodiesMax: 1 });
    return { url: provider.url };
  },
  async () => provider?.stop(),
);

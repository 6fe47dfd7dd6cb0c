// GET requests over so many kept connections, one at a time on each: the least client, so that the server is measured.
import { once } from "node:events";
import net, { type Socket } from "node:net";
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

const HEAD_END = "\r\n\r\n";

/** Asks again and again on one connection until `untilMs`; returns what each reply took in milliseconds. */
async function askUntil(socket: Socket, request: Buffer, untilMs: number): Promise<number[]> {
  const tookMs: number[] = [];
  let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let sentMs = performance.now();
  const finished = new Promise<void>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the connection was closed")));
    socket.on("data", (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const bytes = replyBytes(rest);
      if (bytes === undefined || rest.length < bytes) return;
      rest = rest.subarray(bytes);
      const nowMs = performance.now();
      tookMs.push(nowMs - sentMs);
      if (nowMs >= untilMs) return resolve();
      sentMs = nowMs;
      socket.write(request);
    });
  });
  socket.write(request);
  await finished;
  socket.removeAllListeners("close");
  socket.destroy();
  return tookMs;
}

/** Length of the reply at the beginning; undefined while its head is not all there. Throws unless it is a 200. */
function replyBytes(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (!head.startsWith("HTTP/1.1 200") || length === undefined) throw new Error(`not a 200 with a length: ${head}`);
  return headEnd + HEAD_END.length + Number(length);
}

async function load(o: HttpLoadRequest): Promise<HttpLoadResult> {
  const { hostname, port, host, pathname, search } = new URL(o.url);
  const head = [`GET ${pathname}${search} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${o.token}`];
  const request = Buffer.from(head.join("\r\n") + HEAD_END);
  const sockets = Array.from({ length: o.connections }, () => net.connect({ host: hostname, port: Number(port) }));
  await Promise.all(sockets.map((socket) => once(socket.setNoDelay(true), "connect")));
  const startedMs = performance.now();
  const took = (await Promise.all(sockets.map((socket) => askUntil(socket, request, startedMs + o.ms)))).flat();
  return { rate: (took.length * 1000) / (performance.now() - startedMs), p50Ms: percentile(took, 0.5) };
}

serveRequests(load, async () => undefined);

// The yardstick of a replay: `ws` itself sending frames that are ready, many to a cork, to whoever connects.
// Usage: node ready-frames.ts DIR: all visible records of the log in DIR. Prints the port it listens on.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { EventLog } from "@baa/storage";
import { type WebSocket, WebSocketServer } from "ws";

/** Frames of one cork, and the bytes that may wait in the socket: what codexd's feed does for one reader. */
const CORKED = 1000;
const UNSENT_BYTES_MAX = 1024 * 1024;

async function readFrames(dir: string): Promise<Buffer[]> {
  const onFatal = (error: Error): never => {
    throw error;
  };
  const log = await EventLog.open({ dir, onFatal });
  const frames: Buffer[] = [];
  for (let after = log.oldest() - 1; after < log.head();) {
    const read = log.read(after, { maxRecords: 5000, maxBytes: 1_048_576 });
    for (const frame of read.frames) frames.push(frame.bytes);
    after = read.lastSeq;
  }
  await log.close();
  return frames;
}

const frames = await readFrames(process.argv[2] ?? "");
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
async function sendAll(client: WebSocket, socket: Duplex): Promise<void> {
  for (let sent = 0; sent < frames.length; sent += CORKED) {
    socket.cork();
    for (const frame of frames.slice(sent, sent + CORKED)) client.send(frame, { binary: false });
    socket.uncork();
    if (socket.writableLength > UNSENT_BYTES_MAX) await once(socket, "drain");
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

sockets.on("connection", (client, request) => void sendAll(client, request.socket));
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));

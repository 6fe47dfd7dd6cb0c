import http from "node:http";
import type { Socket } from "node:net";

/** The least WebSocket reader of a feed: text frames of a server, whole and uncompressed. */
export class WsReader {
  readonly #socket: Socket;
  #rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Opens the feed at `url` (http:) and hands on each frame's text with the time its bytes came in. */
  static open(url: string, token: string, onText: (text: string, nowNs: bigint) => void): Promise<WsReader> {
    return WsReader.#connect(url, token, (bytes, frames) => {
      const nowNs = process.hrtime.bigint();
      for (const frame of frames) onText(bytes.toString("utf8", frame.start, frame.end), nowNs);
    });
  }

  /** The same for a reader that only counts the frames of each chunk. */
  static count(url: string, token: string, onFrames: (count: number) => void): Promise<WsReader> {
    return WsReader.#connect(url, token, (_bytes, frames) => onFrames(frames.length));
  }

  static #connect(url: string, token: string, onFrames: OnFrames): Promise<WsReader> {
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "YmVuY2htYXJrLWtleS0xNg==",
      };
      const request = http.get(url, { headers, agent: false });
      request.once("error", reject);
      request.once("response", (response) => reject(new Error(`the feed answered ${response.statusCode}`)));
      request.once("upgrade", (_response, socket: Socket, head: Buffer) => {
        const reader = new WsReader(socket);
        socket.setNoDelay(true);
        socket.on("error", () => undefined);
        socket.on("data", (chunk: Buffer) => reader.#take(chunk, onFrames));
        if (head.length > 0) reader.#take(head, onFrames);
        resolve(reader);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer, onFrames: OnFrames): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: FrameAt[] = [];
    let at = 0;
    for (let frame = frameAt(bytes, at); frame !== undefined; frame = frameAt(bytes, at)) {
      at = frame.end;
      if (frame.isText) frames.push(frame);
    }
    this.#rest = bytes.subarray(at);
    onFrames(bytes, frames);
  }
}

interface FrameAt {
  readonly start: number;
  readonly end: number;
  readonly isText: boolean;
}
type OnFrames = (bytes: Buffer, frames: readonly FrameAt[]) => void;

const TEXT = 1;

/** Where the payload of the frame at `at` lies; undefined while it is not all there. */
function frameAt(bytes: Buffer, at: number): FrameAt | undefined {
  if (bytes.length < at + 2) return undefined;
  const short = bytes.readUInt8(at + 1) & 0x7f;
  const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
  if (bytes.length < start) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  if (bytes.length < start + length) return undefined;
  return { start, end: start + length, isText: (bytes.readUInt8(at) & 0x0f) === TEXT };
}

import type { Frame } from "@baa/storage";

const DATA = Buffer.from("\ndata: ");
const END = Buffer.from("\n\n");
const TYPE_KEY = Buffer.from('"type":"');
/** The type stands third in a frame, after a number and a timestamp. */
const HEAD_BYTES_MAX = 256;

/** Events as server-sent events: `id` is a cursor, `event` the type, `data` the frame as it is stored. */
export function encodeSseFrames(logId: string, frames: readonly Frame[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const frame of frames) {
    parts.push(
      Buffer.from(`id: ${logId}:${frame.seq}\nevent: ${typeOf(frame.bytes)}`, "latin1"),
      DATA,
      frame.bytes,
      END,
    );
  }
  return Buffer.concat(parts);
}

/** A control frame. `cursor` moves the client's Last-Event-ID; without it the last one stays. */
export function encodeSseControl(frame: { type: string }, cursor: { logId: string; seq: number } | undefined): Buffer {
  const id = cursor === undefined ? "" : `id: ${cursor.logId}:${cursor.seq}\n`;
  return Buffer.from(`${id}event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`);
}

/** Read from the head of the frame; its key order is fixed, so nothing a client wrote comes before it. */
function typeOf(bytes: Buffer): string {
  const head = bytes.subarray(0, HEAD_BYTES_MAX);
  const key = head.indexOf(TYPE_KEY);
  if (key === -1) return "message";
  const start = key + TYPE_KEY.length;
  const end = head.indexOf(0x22, start);
  return end === -1 ? "message" : head.toString("latin1", start, end);
}

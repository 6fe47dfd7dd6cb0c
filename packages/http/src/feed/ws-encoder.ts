/**
 * WebSocket text frames of a server (RFC 6455: FIN, text, unmasked), made here rather than by `ws` so that
 * one buffer with all frames of a wake-up serves every reader.
 */
export function encodeTextFrames(payloads: readonly Uint8Array[]): Buffer {
  let total = 0;
  for (const payload of payloads) total += headerBytes(payload.length) + payload.length;
  const out = Buffer.allocUnsafe(total);
  let at = 0;
  for (const payload of payloads) {
    at = writeHeader(out, at, payload.length);
    out.set(payload, at);
    at += payload.length;
  }
  return out;
}

const FIN_TEXT = 0x81;

const headerBytes = (length: number): number => (length < 126 ? 2 : length < 65_536 ? 4 : 10);

function writeHeader(out: Buffer, at: number, length: number): number {
  out[at] = FIN_TEXT;
  if (length < 126) {
    out[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    out[at + 1] = 126;
    out.writeUInt16BE(length, at + 2);
    return at + 4;
  }
  out[at + 1] = 127;
  out.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at + 2);
  out.writeUInt32BE(length >>> 0, at + 6);
  return at + 10;
}

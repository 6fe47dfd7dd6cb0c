import type { Face, Sink } from "../../src/feed/sink.ts";

/** A connection without a socket: what was written, and a peer that takes bytes when told to. */
export class FakeSink implements Sink {
  readonly face: Face;
  readonly written: Buffer[] = [];
  ended: number | undefined;
  isDestroyed = false;
  unsent = 0;
  taken = 0;
  alive = 0;
  drain: () => void = () => undefined;
  close: () => void = () => undefined;

  constructor(face: Face = "ws") {
    this.face = face;
  }
  write(bytes: Buffer): void {
    this.written.push(bytes);
  }
  unsentBytes(): number {
    return this.unsent;
  }
  progressMark(): string {
    return String(this.taken);
  }
  onDrain(listener: () => void): void {
    this.drain = listener;
  }
  onClose(listener: () => void): void {
    this.close = listener;
  }
  checkAlive(): void {
    this.alive += 1;
  }
  end(code: number): void {
    this.ended = code;
  }
  destroy(): void {
    this.isDestroyed = true;
  }

  /** All JSON payloads, from unmasked WebSocket text frames. */
  frames(): { type: string; seq?: number }[] {
    const bytes = Buffer.concat(this.written);
    const frames: { type: string; seq?: number }[] = [];
    for (let at = 0; at < bytes.length;) {
      const short = bytes[at + 1] ?? 0;
      const [start, length] =
        short < 126 ? [2, short] : short === 126 ? [4, bytes.readUInt16BE(at + 2)] : [10, bytes.readUInt32BE(at + 6)];
      frames.push(JSON.parse(bytes.toString("utf8", at + start, at + start + length)));
      at += start + length;
    }
    return frames;
  }
  seqs(): number[] {
    return this.frames().flatMap((frame) =>
      frame.type === "item.delta" && frame.seq !== undefined ? [frame.seq] : [],
    );
  }
}

/** How frames are written on this connection. Readers of one face share their encoded bytes. */
export type Face = "sse" | "ws";

/** One connection, as a reader writes to it. */
export interface Sink {
  readonly face: Face;
  write(bytes: Buffer): void;
  /** Bytes that were written here and not yet taken by the operating system. */
  unsentBytes(): number;
  /** Differs whenever the operating system has taken bytes since the last look. */
  progressMark(): string;
  /** Called whenever everything unsent has been taken. */
  onDrain(listener: () => void): void;
  /** Called once, when the connection is gone for whatever reason. */
  onClose(listener: () => void): void;
  /** Asks whether the peer is there, if this face can; `nowMs` is monotonic. */
  checkAlive(nowMs: number): void;
  /** Says goodbye with a WebSocket close code and gives the peer a bounded time to take it. */
  end(code: number): void;
  destroy(): void;
}

/**
 * Bytes that libuv holds of the write in progress. `writableLength` alone moves only when a whole write is
 * done, so a slow peer with a large write would look stalled; Node's own socket timeout reads the same field.
 */
export function writeQueueBytes(socket: unknown): number {
  const handle = (socket as { _handle?: { writeQueueSize?: unknown } | null })._handle;
  return typeof handle?.writeQueueSize === "number" ? handle.writeQueueSize : 0;
}

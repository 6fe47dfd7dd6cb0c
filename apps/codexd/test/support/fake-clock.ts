import type { Clock } from "@baa/process";

/** Time that passes only in `sleep` and `advance`: a wait of hours is over in a moment. */
export class FakeClock implements Clock {
  nowMs = 1_000_000;

  wallMs(): number {
    return this.nowMs;
  }

  monoMs(): number {
    return this.nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.nowMs += ms;
    // A turn of the loop, so that what waits for an fsync comes to its turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

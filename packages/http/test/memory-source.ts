import type { EventHead, Frame, ReadLimit, ReadResult } from "@baa/storage";
import type { EventSource } from "../src/index.ts";

export interface MemoryEvent {
  readonly type?: string;
  readonly sessionId?: string;
  readonly turnId?: string;
  readonly data?: Record<string, unknown>;
}

interface Stored {
  readonly head: EventHead;
  readonly bytes: Buffer;
}

/** An EventSource over an array, as strict as the real log: bounded reads, only what is visible. */
export class MemorySource implements EventSource {
  readonly logId: string;
  reads = 0;
  /** Called before every read, so a test can act in the middle of things. */
  beforeRead: (() => void) | undefined;
  snapshotValue: unknown = { sessions: [] };
  readonly #stored: Stored[] = [];
  readonly #listeners = new Set<() => void>();
  #oldest = 1;

  constructor(o: { logId?: string; firstSeq?: number } = {}) {
    this.logId = o.logId ?? "log_a";
    this.#oldest = o.firstSeq ?? 1;
  }

  oldest(): number {
    return this.#oldest;
  }
  head(): number {
    return this.#oldest + this.#stored.length - 1;
  }
  get listenerCount(): number {
    return this.#listeners.size;
  }

  append(...events: readonly MemoryEvent[]): number {
    for (const event of events) {
      const seq = this.head() + 1;
      const { type = "item.delta", sessionId, turnId, data = {} } = event;
      const head = { seq, type, ...(sessionId && { sessionId }), ...(turnId && { turnId }) };
      const { seq: _seq, type: _type, ...ids } = head;
      const text = JSON.stringify({ seq, at: "2026-11-22T10:00:00.000Z", type, ...ids, data });
      this.#stored.push({ head, bytes: Buffer.from(text) });
    }
    for (const listener of this.#listeners) listener();
    return this.head();
  }

  /** Retention: forgets everything up to `seq`. */
  dropTo(seq: number): void {
    this.#stored.splice(0, seq - this.#oldest + 1);
    this.#oldest = seq + 1;
  }

  read(after: number, limit: ReadLimit): ReadResult {
    this.beforeRead?.();
    this.reads += 1;
    const frames: Frame[] = [];
    let bytes = 0;
    let lastSeq = after;
    for (const stored of this.#stored.slice(Math.max(0, after + 1 - this.#oldest), after + 1 - this.#oldest + 5000)) {
      if (frames.length >= limit.maxRecords || bytes >= limit.maxBytes) break;
      lastSeq = stored.head.seq;
      if (limit.match !== undefined && !limit.match(stored.head)) continue;
      frames.push({ seq: stored.head.seq, bytes: stored.bytes });
      bytes += stored.bytes.length;
    }
    return { frames, lastSeq };
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  snapshot(): unknown {
    return this.snapshotValue;
  }
}

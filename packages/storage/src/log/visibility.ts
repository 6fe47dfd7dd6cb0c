interface Waiter {
  seq: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * The one watermark of the log: visible = last written, but never beyond a record of the synced class that is not yet
 * synced.
 */
export class Visibility {
  #written: number;
  #visible: number;
  /** Batches of the synced class that are not yet synced, ascending. */
  #holds: { firstSeq: number; lastSeq: number }[] = [];
  #waiters: Waiter[] = [];
  #failure: Error | undefined;

  constructor(head: number) {
    this.#written = head;
    this.#visible = head;
  }

  get written(): number {
    return this.#written;
  }

  get visible(): number {
    return this.#visible;
  }

  /** Records up to `lastSeq` have been written. Returns true when the visible head moved. */
  wrote(o: { firstSeq: number; lastSeq: number; mustSync: boolean }): boolean {
    this.#written = o.lastSeq;
    if (o.mustSync) this.#holds.push(o);
    return this.#advance();
  }

  /** Records up to `seq` are on disk. Returns true when the visible head moved. */
  synced(seq: number): boolean {
    const still = this.#holds.findIndex((hold) => hold.lastSeq > seq);
    this.#holds = still < 0 ? [] : this.#holds.slice(still);
    return this.#advance();
  }

  /** Resolves once `seq` is visible; rejects when the log is closed before that. */
  when(seq: number): Promise<void> {
    if (seq <= this.#visible) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiters.push({ seq, resolve, reject }));
  }

  /** Nothing becomes visible any more: settles everybody who waits. */
  fail(error: Error): void {
    this.#failure = error;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  #advance(): boolean {
    const hold = this.#holds[0];
    const visible = hold === undefined ? this.#written : Math.min(this.#written, hold.firstSeq - 1);
    if (visible <= this.#visible) return false;
    this.#visible = visible;
    if (this.#waiters.length > 0) this.#settle();
    return true;
  }

  #settle(): void {
    const due = this.#waiters.filter((waiter) => waiter.seq <= this.#visible);
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.seq > this.#visible);
    for (const waiter of due) waiter.resolve();
  }
}

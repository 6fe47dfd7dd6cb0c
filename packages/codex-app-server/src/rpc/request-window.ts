import { ChildUnavailableError, OVERLOADED, RequestTimeoutError, RpcError, WindowFullError } from "./errors.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";

export interface WindowLimits {
  /** Requests in flight, the probe's slot included. */
  windowMax: number;
  /** Requests that wait for a slot. */
  queueMax: number;
  /** The longest wait for a slot, in ms. */
  queueMs: number;
}

export interface CallOptions {
  method: string;
  params: unknown;
  timeoutMs: number;
  /** Uses the slot that is kept for the health probe, never waits and is never sent again. */
  probe: boolean;
  /** May be sent again when the child says it is overloaded. */
  repeatable: boolean;
}

interface Call extends CallOptions {
  resolve(result: unknown): void;
  reject(error: Error): void;
  sent: boolean;
  attempts: number;
  id: number | undefined;
  deadline: Deadline | undefined;
  wait: Deadline | undefined;
  retry: NodeJS.Timeout | undefined;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 2_000;

/**
 * Our requests to the child: at most `windowMax` in flight, a bounded queue behind them, one deadline over each
 * request's whole life. Whatever happens, every request settles exactly once and nothing of it stays behind.
 */
export class RequestWindow {
  readonly #limits: WindowLimits;
  readonly #send: (id: number, method: string, params: unknown) => void;
  readonly #canSend: () => boolean;
  readonly #random: () => number;
  readonly #deadlines: Deadlines;
  readonly #open = new Set<Call>();
  readonly #inFlight = new Map<number, Call>();
  readonly #queue = new Set<Call>();
  #probes = 0;
  #nextId = 1;
  #closedReason: string | undefined;
  #timeouts = 0;
  #overloads = 0;

  constructor(o: {
    limits: WindowLimits;
    send: (id: number, method: string, params: unknown) => void;
    canSend: () => boolean;
    random: () => number;
    now: () => number;
  }) {
    this.#limits = o.limits;
    this.#send = o.send;
    this.#canSend = o.canSend;
    this.#random = o.random;
    this.#deadlines = new Deadlines(o.now);
  }

  get stats(): { inFlight: number; queued: number; open: number; timeouts: number; overloads: number } {
    const { size: inFlight } = this.#inFlight;
    return {
      inFlight,
      queued: this.#queue.size,
      open: this.#open.size,
      timeouts: this.#timeouts,
      overloads: this.#overloads,
    };
  }

  /** Ids below this one were given out: an answer to one of them that nobody waits for is late, not unknown. */
  get nextId(): number {
    return this.#nextId;
  }

  call(o: CallOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        ...o,
        resolve,
        reject,
        sent: false,
        attempts: 0,
        id: undefined,
        deadline: undefined,
        wait: undefined,
        retry: undefined,
      };
      const refusal = this.#refusal(call);
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      this.#open.add(call);
      call.deadline = this.#deadlines.start(o.timeoutMs, (lateMs) => this.#expire(call, lateMs));
      this.#enqueue(call);
    });
  }

  /** Settles the request with this id; false when nobody waits for it. */
  settle(id: unknown, outcome: { result: unknown } | { error: RpcError }): boolean {
    const call = typeof id === "number" ? this.#inFlight.get(id) : undefined;
    if (call === undefined) return false;
    this.#leaveFlight(call);
    if ("result" in outcome) this.#finish(call, () => call.resolve(outcome.result));
    else if (outcome.error.code === OVERLOADED && call.repeatable) this.#retryLater(call);
    else this.#finish(call, () => call.reject(outcome.error));
    this.pump();
    return true;
  }

  /** Sends what waits while there is room. Call it when the transport can take more. */
  pump(): void {
    for (const call of this.#queue) {
      if (!this.#hasRoom()) return;
      this.#queue.delete(call);
      call.wait?.cancel();
      this.#transmit(call);
    }
  }

  /** Stops and restarts the clocks of all requests (nobody reads the child meanwhile). */
  hold(): void {
    this.#deadlines.hold();
  }

  release(): void {
    this.#deadlines.release();
  }

  /** Rejects every open request with ChildUnavailableError; later calls are rejected at once. Idempotent. */
  close(reason: string): void {
    if (this.#closedReason !== undefined) return;
    this.#closedReason = reason;
    this.#queue.clear();
    for (const call of this.#open) {
      this.#leaveFlight(call);
      this.#finish(call, () => call.reject(new ChildUnavailableError(reason, { sent: call.sent })));
    }
  }

  #refusal(call: Call): Error | undefined {
    const { method } = call;
    if (this.#closedReason !== undefined) return new ChildUnavailableError(this.#closedReason, { sent: false });
    if (call.probe && this.#probes > 0) return new WindowFullError({ method, reason: "a probe is under way" });
    if (!call.probe && this.#queue.size >= this.#limits.queueMax) {
      return new WindowFullError({ method, reason: `${this.#limits.queueMax} requests are waiting already` });
    }
    return undefined;
  }

  #enqueue(call: Call): void {
    if (call.probe) {
      this.#transmit(call);
      return;
    }
    if (this.#queue.size === 0 && this.#hasRoom()) {
      this.#transmit(call);
      return;
    }
    this.#queue.add(call);
    call.wait = this.#deadlines.start(this.#limits.queueMs, () => {
      const reason = `no free slot within ${this.#limits.queueMs} ms`;
      this.#queue.delete(call);
      this.#finish(call, () => call.reject(new WindowFullError({ method: call.method, reason })));
    });
  }

  #hasRoom(): boolean {
    return this.#inFlight.size - this.#probes < this.#limits.windowMax - 1 && this.#canSend();
  }

  #transmit(call: Call): void {
    call.id = this.#nextId;
    this.#nextId += 1;
    this.#inFlight.set(call.id, call);
    if (call.probe) this.#probes += 1;
    try {
      this.#send(call.id, call.method, call.params);
      call.sent = true;
    } catch (error) {
      this.#leaveFlight(call);
      this.#finish(call, () => call.reject(error instanceof Error ? error : new Error(String(error))));
    }
  }

  #leaveFlight(call: Call): void {
    if (call.id === undefined || !this.#inFlight.delete(call.id)) return;
    if (call.probe) this.#probes -= 1;
  }

  #retryLater(call: Call): void {
    this.#overloads += 1;
    const ceiling = Math.min(RETRY_FIRST_MS * 2 ** call.attempts, RETRY_MAX_MS);
    call.attempts += 1;
    call.retry = setTimeout(() => this.#enqueue(call), ceiling * (0.5 + this.#random() / 2));
  }

  #expire(call: Call, lateMs: number): void {
    this.#timeouts += 1;
    this.#queue.delete(call);
    this.#leaveFlight(call);
    const { method, timeoutMs, sent } = call;
    this.#finish(call, () => call.reject(new RequestTimeoutError({ method, timeoutMs, sent, lateMs })));
    this.pump();
  }

  #finish(call: Call, settle: () => void): void {
    if (!this.#open.delete(call)) return;
    call.deadline?.cancel();
    call.wait?.cancel();
    clearTimeout(call.retry);
    settle();
  }
}

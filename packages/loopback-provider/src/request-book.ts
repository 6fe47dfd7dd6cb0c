import type { ModelRequest } from "./model-request.ts";
import type { Outcome } from "./stream-answer.ts";

/** A request to the model as it was seen, and what became of it. */
export interface RecordedRequest {
  /** Wall clock, ISO 8601. */
  readonly at: string;
  readonly userText: string;
  readonly toolOutputs: ModelRequest["toolOutputs"];
  readonly attempt: number;
  readonly conversation: string;
  readonly model: string;
  /** The parsed body; undefined once `bodiesMax` newer ones are kept. */
  body: unknown;
  deltasSent: number;
  outcome: Outcome | "open" | "clientGone";
}

/** Everything that was asked of the model, in order. */
export class RequestBook {
  readonly #bodiesMax: number;
  readonly #requests: RecordedRequest[] = [];
  readonly #attempts = new Map<string, number>();
  readonly #waiters = new Set<(record: RecordedRequest) => void>();

  constructor(bodiesMax: number) {
    this.#bodiesMax = bodiesMax;
  }

  add(request: ModelRequest): RecordedRequest {
    const record: RecordedRequest = { ...request, at: new Date().toISOString(), deltasSent: 0, outcome: "open" };
    this.#requests.push(record);
    this.#attempts.set(keyOf(request), request.attempt + 1);
    const old = this.#requests.at(-1 - this.#bodiesMax);
    if (old !== undefined) old.body = undefined;
    for (const waiter of this.#waiters) waiter(record);
    return record;
  }

  /** How often this conversation has asked exactly this before. */
  attemptsOf(request: Omit<ModelRequest, "attempt">): number {
    return this.#attempts.get(keyOf(request)) ?? 0;
  }

  all(): readonly RecordedRequest[] {
    return this.#requests;
  }

  count(marker: string): number {
    return this.#requests.filter((request) => request.userText.includes(marker)).length;
  }

  waitFor(marker: string, timeoutMs: number): Promise<RecordedRequest> {
    const known = this.#requests.find((request) => request.userText.includes(marker));
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter = (record: RecordedRequest): void => {
        if (!record.userText.includes(marker)) return;
        settle();
        resolve(record);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`no request to the model with "${marker}" within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }
}

function keyOf(request: Omit<ModelRequest, "attempt">): string {
  return JSON.stringify([request.conversation, request.userText, request.toolOutputs.length]);
}

import type { ServerResponse } from "node:http";

/** Characters gathered before they are handed to the socket in one write. */
const BATCH_CHARS = 64 * 1024;

/** The client went away while an answer was being sent. */
export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
}

/** Writes SSE frames in batches and waits whenever the socket is full. Every method rejects once the client is gone. */
export class SseWriter {
  readonly #response: ServerResponse;
  readonly #gone: Promise<never>;
  #batch: string[] = [];
  #batchChars = 0;
  #isGone = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#gone = new Promise<never>((_, reject) => {
      response.once("close", () => {
        this.#isGone = true;
        reject(new ClientGoneError("the client closed the connection"));
      });
    });
    this.#gone.catch(() => undefined); // nobody may be waiting when it closes
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Adds a frame to the batch; a promise only when the batch was full and had to be sent. */
  write(frame: string): Promise<void> | undefined {
    this.#batch.push(frame);
    this.#batchChars += frame.length;
    return this.#batchChars < BATCH_CHARS ? undefined : this.flush();
  }

  /** Hands everything gathered to the socket and waits until it takes more. */
  async flush(): Promise<void> {
    if (this.#isGone) throw new ClientGoneError("the client closed the connection");
    if (this.#batch.length === 0) return;
    const text = this.#batch.join("");
    this.#batch = [];
    this.#batchChars = 0;
    if (this.#response.write(text)) return;
    await this.untilGone(this.#drained());
  }

  /** Waits for something, but no longer than the client stays. */
  untilGone<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#gone]);
  }

  /** Never resolves; rejects when the client leaves. */
  hang(): Promise<never> {
    return this.#gone;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => this.#response.once("drain", resolve));
  }
}

import { Pool } from "undici";
import { LINK_INITIAL, type LinkInput, type LinkState, nextLink, probeDelayMs } from "./link-machine.ts";

/** Milliseconds that the service has for answering `/healthz`. */
const PROBE_MS = 2_000;

export interface LinkOptions {
  readonly baseUrl: string;
  /** RFC 3339, for `since`. */
  readonly now: () => string;
}

/** Asks a service of ours whether it is there (`/healthz`), for as long as it runs, and tells of changes. */
export class ServiceLink {
  readonly #o: LinkOptions;
  readonly #pool: Pool;
  readonly #listeners = new Set<(state: LinkState) => void>();
  readonly #stop = new AbortController();
  #state: LinkState = LINK_INITIAL;
  #timer: NodeJS.Timeout | undefined;
  #probing: Promise<void> | undefined;

  constructor(o: LinkOptions) {
    this.#o = o;
    this.#pool = new Pool(o.baseUrl, { connections: 1, headersTimeout: PROBE_MS, bodyTimeout: PROBE_MS });
  }

  get state(): LinkState {
    return this.#state;
  }

  start(): void {
    this.poke();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#pool.destroy();
  }

  /** Probes now: something looked wrong. */
  poke(): void {
    void this.probe();
  }

  /** The same; resolves when the answer, or that there is none, has become the state. */
  probe(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve();
    clearTimeout(this.#timer);
    return (this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
      if (!this.#stop.signal.aborted) this.#timer = setTimeout(() => this.poke(), probeDelayMs(this.#state));
    }));
  }

  /** Called at each change between unknown, up and down. */
  onChange(listener: (state: LinkState) => void): void {
    this.#listeners.add(listener);
  }

  async #probe(): Promise<void> {
    const input = await this.#ask();
    if (this.#stop.signal.aborted) return;
    const before = this.#state;
    this.#state = nextLink(before, input);
    if (this.#state.kind === before.kind) return;
    for (const listener of this.#listeners) listener(this.#state);
  }

  async #ask(): Promise<LinkInput> {
    const deadline = AbortSignal.timeout(PROBE_MS);
    try {
      const { statusCode, body } = await this.#pool.request({
        method: "GET",
        path: "/healthz",
        signal: AbortSignal.any([deadline, this.#stop.signal]),
      });
      await body.dump();
      const at = this.#o.now();
      return statusCode === 200
        ? { kind: "answered", at }
        : { kind: "refused", at, reason: `/healthz answered ${statusCode}` };
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const isLate = deadline.aborted || code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_CONNECT_TIMEOUT";
      const reason = isLate ? `no answer within ${PROBE_MS} ms` : (code ?? message);
      return { kind: isLate ? "missed" : "refused", at: this.#o.now(), reason };
    }
  }
}

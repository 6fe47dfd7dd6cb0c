import { EventFollower } from "./event-follower.ts";
import { plainRequest } from "./http.ts";
import type { PlainReply } from "./http.ts";
import { findInconsistencies } from "./inconsistencies.ts";
import { LedgerFile } from "./ledger-file.ts";
import { LedgerPage } from "./records.ts";
import type { Acknowledged, LedgerEvent } from "./records.ts";

export interface LedgerOptions {
  /** Base address of the server, asked again at every request. */
  readonly url: () => string;
  readonly token: () => string;
  /** Where the ledger is kept. */
  readonly file: string;
  /** Default `/v1/codexd/events`. */
  readonly eventsPath?: string;
  /** First cursor; default 0 = everything. */
  readonly after?: number;
  /** Sent with everything; a Host header for use behind a proxy. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A page of the drain. */
const PAGE_LIMIT = 2000;

interface Waiter {
  readonly fits: (event: LedgerEvent) => boolean;
  readonly resolve: (event: LedgerEvent) => void;
}

/**
 * The witness outside the system: it writes down, with its own fsync, everything it was acknowledged and shown, and
 * says afterwards whether the system kept its word. Uses node:http and ws only.
 */
export class LedgerClient {
  readonly controls: { frame: { type: string } & Record<string, unknown>; connection: number }[] = [];
  readonly closes: { code: number; connection: number }[] = [];
  readonly acknowledged: Acknowledged[] = [];
  readonly #o: LedgerOptions;
  readonly #file: LedgerFile;
  readonly #follower: EventFollower;
  readonly #seen: { event: LedgerEvent; connection: number }[] = [];
  readonly #waiters = new Set<Waiter>();
  #lastSeq: number;

  constructor(o: LedgerOptions) {
    this.#o = o;
    this.#lastSeq = o.after ?? 0;
    this.#file = new LedgerFile(o.file);
    this.#follower = new EventFollower({
      url: () => `${o.url()}${this.#eventsPath}`,
      token: o.token,
      after: () => this.#lastSeq,
      ...(o.headers === undefined ? {} : { headers: o.headers }),
      listener: {
        onEvent: (event, connection) => this.#see(event, connection),
        onControl: (frame, connection) => {
          this.#file.addSoon({ control: frame, connection });
          this.controls.push({ frame, connection });
        },
        onClose: (code, connection) => void this.closes.push({ code, connection }),
      },
    });
  }

  /** The follower of events; it may be cut and paused. */
  get follower(): EventFollower {
    return this.#follower;
  }

  /** Starts to follow events. */
  follow(): this {
    this.#follower.start();
    return this;
  }

  /** Events seen, each once, in order of arrival. */
  events(): LedgerEvent[] {
    const bySeq = new Map(this.#seen.map(({ event }) => [event.seq, event]));
    return [...bySeq.values()];
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** A request; a 2xx reply to anything but GET is on the ledger's disk before this resolves. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<PlainReply> {
    const reply = await plainRequest({
      method,
      url: `${this.#o.url()}${path}`,
      token: this.#o.token(),
      headers: { ...this.#o.headers, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    if (method !== "GET" && reply.status >= 200 && reply.status < 300) {
      const key = headers["idempotency-key"];
      const ack: Acknowledged = {
        method,
        path,
        status: reply.status,
        body: reply.json,
        ...(key === undefined ? {} : { key }),
      };
      this.#file.add({ acknowledged: ack });
      this.acknowledged.push(ack);
    }
    return reply;
  }

  post(path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<PlainReply> {
    return this.request("POST", path, body, headers);
  }

  /** The first event, seen or to come, that fits. Rejects after `timeoutMs` (20 s) with the last types seen. */
  waitFor(fits: (event: LedgerEvent) => boolean, timeoutMs = 20_000): Promise<LedgerEvent> {
    const known = this.#seen.find(({ event }) => fits(event));
    if (known !== undefined) return Promise.resolve(known.event);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const tail = this.#seen.slice(-10).map(({ event }) => `${event.seq} ${event.type}`);
        reject(new Error(`no such event within ${timeoutMs} ms; last seen: ${tail.join(", ") || "none"}`));
      }, timeoutMs);
      const waiter: Waiter = {
        fits,
        resolve: (event) => {
          clearTimeout(timer);
          resolve(event);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** The terminal event of a turn. */
  waitForEnd(turnId: string, timeoutMs?: number): Promise<LedgerEvent> {
    const isEnd = (type: string): boolean => /^turn\.(completed|failed|interrupted|lost)$/.test(type);
    return this.waitFor((event) => event.turnId === turnId && isEnd(event.type), timeoutMs);
  }

  /** Every stored event, page by page from the oldest. */
  async stored(): Promise<{ events: LedgerEvent[]; oldestSeq: number; headSeq: number; logId: string }> {
    const events: LedgerEvent[] = [];
    for (let after = 0; ;) {
      const page = await this.#page(after);
      events.push(...page.events);
      const { oldestSeq, headSeq, logId } = page;
      if (page.nextAfter >= headSeq || page.nextAfter <= after) return { events, oldestSeq, headSeq, logId };
      after = page.nextAfter;
    }
  }

  /** Waits until everything stored has been shown, then throws with every broken promise, if any. */
  async assertConsistent(o: { openTurnsAllowed?: boolean; timeoutMs?: number } = {}): Promise<void> {
    const { headSeq } = await this.#page(this.#lastSeq);
    if (this.#lastSeq < headSeq) await this.waitFor((event) => event.seq >= headSeq, o.timeoutMs);
    const { events, oldestSeq } = await this.stored();
    const faults = findInconsistencies({
      seen: this.#seen,
      acknowledged: this.acknowledged,
      stored: events,
      oldestSeq,
      openTurnsAllowed: o.openTurnsAllowed ?? false,
    });
    if (faults.length === 0) return;
    const shown = faults.slice(0, 20).join("\n  ");
    throw new Error(`${faults.length} inconsistencies:\n  ${shown}`);
  }

  async stop(): Promise<void> {
    await this.#follower.stop();
    this.#file.close();
  }

  get #eventsPath(): string {
    return this.#o.eventsPath ?? "/v1/codexd/events";
  }

  async #page(after: number): Promise<LedgerPage> {
    const reply = await this.request("GET", `${this.#eventsPath}?after=${after}&limit=${PAGE_LIMIT}`);
    if (reply.status !== 200) throw new Error(`events: status ${reply.status}: ${reply.text}`);
    return LedgerPage.parse(reply.json);
  }

  #see(event: LedgerEvent, connection: number): void {
    this.#file.addSoon({ event, connection });
    this.#seen.push({ event, connection });
    this.#lastSeq = Math.max(this.#lastSeq, event.seq);
    for (const waiter of this.#waiters) {
      if (!waiter.fits(event)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(event);
    }
  }
}

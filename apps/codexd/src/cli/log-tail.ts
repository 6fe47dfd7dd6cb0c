import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CODEXD_ROUTES, type EventsPage, type FeedEvent } from "@baa/contracts";
import { EXIT } from "@baa/process";
import { type EventHead, readStoredLog } from "@baa/storage";
import { type Config, readConfig } from "../config.ts";
import type { CliContext } from "./cli-context.ts";
import { DaemonClient, DaemonDownError, DaemonRefusal, findDaemon } from "./daemon.ts";
import { eventLine } from "./event-line.ts";

/** Without `--after` it begins this many events before the end. */
const EVENTS_BEFORE_END = 20;
/** Events asked for at a time, and how long a question waits for the next one. */
const PAGE_EVENTS = 500;
const PAGE_WAIT_MS = 20_000;
/** While it follows and no daemon answers. */
const RETRY_MS = 500;

/** `codexd log tail`. Exit 0; 1 when numbers are missing on disk. */
export const logTail = async (cli: CliContext): Promise<number> => {
  const tail = new Tail(cli, readConfig());
  return tail.run();
};

/** One reading, from wherever the log can be read just now. */
class Tail {
  readonly #cli: CliContext;
  readonly #config: Config;
  readonly #wanted: (head: Pick<EventHead, "type" | "sessionId">) => boolean;
  readonly #filters: { sessionId: string | undefined; types: string | undefined };
  /** Undefined until it is known where to begin. */
  #after: number | undefined;
  #logId: string | undefined;
  #isBroken = false;

  constructor(cli: CliContext, config: Config) {
    this.#cli = cli;
    this.#config = config;
    const { session, types, after } = cli.options;
    this.#filters = { sessionId: textOf(session), types: textOf(types) };
    this.#wanted = matcher(this.#filters);
    if (typeof after === "string") this.#begin(after);
  }

  async run(): Promise<number> {
    const follows = this.#cli.options["follow"] === true;
    do {
      const found = findDaemon(this.#config);
      if (found.state === "stopped") this.#readDisk();
      else await this.#readPages(new DaemonClient(found.address, this.#config.stateDir), follows);
      if (follows) await sleep(RETRY_MS);
    } while (follows);
    return this.#isBroken ? EXIT.failed : EXIT.ok;
  }

  /** `<seq>` or `<logId>:<seq>`, as clients of the daemon write it. */
  #begin(after: string): void {
    const match = /^(?:([A-Za-z0-9_-]+):)?(\d{1,15})$/.exec(after);
    if (match === null) throw new TypeError(`--after ${after}: a cursor is <seq> or <logId>:<seq>`);
    this.#logId = match[1];
    this.#after = Number(match[2]);
  }

  async #readPages(client: DaemonClient, follows: boolean): Promise<void> {
    try {
      const first = await this.#page(client, 0, 1);
      this.#after ??= first.headSeq - EVENTS_BEFORE_END;
      for (let isMore = true; isMore;) {
        const page = await this.#page(client, Math.max(0, this.#after), PAGE_EVENTS, follows ? PAGE_WAIT_MS : 0);
        this.#takePage(page);
        isMore = follows || (this.#after ?? 0) < page.headSeq;
      }
    } catch (error) {
      // Its log is damaged: what can be read of it is on disk.
      if (error instanceof DaemonRefusal && error.code === "degraded") return this.#readDisk();
      // The daemon is restarting, or was just going: following goes on where it stood.
      if (!(follows && error instanceof DaemonDownError)) throw error;
    }
  }

  #page(client: DaemonClient, after: number, limit: number, waitMs = 0): Promise<EventsPage> {
    const cursor = this.#logId === undefined || limit === 1 ? String(after) : `${this.#logId}:${after}`;
    return client.call(CODEXD_ROUTES.events, {
      query: { after: cursor, limit, waitMs, ...(limit === 1 ? {} : this.#filters) },
      timeoutMs: waitMs + 30_000,
    });
  }

  #takePage(page: EventsPage): void {
    if (page.reset)
      this.#note(`the log does not reach back to there (${page.reset.reason}); it goes on at ${page.reset.to + 1}`);
    for (const event of page.events) this.#show(event);
    this.#after = page.nextAfter;
    this.#logId = page.logId;
  }

  #readDisk(): void {
    const { logsDir } = this.#config;
    if (!fs.existsSync(logsDir)) return;
    const after = this.#beginOnDisk(logsDir);
    const found = readStoredLog(logsDir, {
      after,
      onRecord: ({ head, bytes }) => {
        if (this.#wanted(head)) this.#show(JSON.parse(bytes.toString()) as FeedEvent);
      },
    });
    const holes = found.holes.filter(({ to }) => to > after);
    for (const { from, to } of holes) this.#note(`events ${from} to ${to} are damaged or missing`);
    if (holes.length > 0) this.#isBroken = true;
    this.#after = Math.max(after, found.lastSeq);
    this.#logId = found.logId;
  }

  /** Where reading from disk begins; another log than the cursor's is read from its start. Looks at the last segment only. */
  #beginOnDisk(logsDir: string): number {
    const { lastSeq, logId } = readStoredLog(logsDir, { after: Number.MAX_SAFE_INTEGER, onRecord: () => undefined });
    if (this.#logId !== undefined && logId !== undefined && logId !== this.#logId) {
      this.#note(`the log is another one now (${logId})`);
      return 0;
    }
    return this.#after ?? Math.max(0, lastSeq - EVENTS_BEFORE_END);
  }

  #show(event: FeedEvent): void {
    this.#cli.print(this.#cli.json ? JSON.stringify(event) : eventLine(event));
  }

  #note(text: string): void {
    this.#cli.printError(this.#cli.json ? JSON.stringify({ note: text }) : `-- ${text}`);
  }
}

const textOf = (value: string | boolean | undefined): string | undefined =>
  typeof value === "string" ? value : undefined;

/** The filters of the events route: a session, and types of which `turn.*` stands for all that begin so. */
const matcher = (o: { sessionId: string | undefined; types: string | undefined }) => {
  const types = o.types?.split(",").map((type) => type.trim());
  const isType = (type: string): boolean =>
    types === undefined || types.some((one) => (one.endsWith("*") ? type.startsWith(one.slice(0, -1)) : type === one));
  return (head: Pick<EventHead, "type" | "sessionId">): boolean =>
    isType(head.type) && (o.sessionId === undefined || head.sessionId === o.sessionId);
};

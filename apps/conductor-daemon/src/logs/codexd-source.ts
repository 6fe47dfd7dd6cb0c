import { type CodexdClient, createClient, ProblemReply, TransportError, UnexpectedReplyError } from "@baa/client";
import type { LogGap } from "@baa/contracts";
import type { UpstreamToken } from "@baa/http";
import type { CodexdLink } from "../codex-link/link.ts";
import { type LogSource, SourceDownError, type SourcePlace } from "./log-source.ts";

/** Milliseconds that codexd has for a page, beside the `waitMs` that was asked for. */
const PAGE_MS = 10_000;

export interface CodexdSourceOptions {
  readonly baseUrl: string;
  readonly link: CodexdLink;
  readonly token: UpstreamToken;
  /** Place in codexd's log up to which its events have been taken over. */
  readonly taken: () => SourcePlace | undefined;
}

/** codexd's event log, read page by page. */
export class CodexdSource implements LogSource {
  readonly name = "codexd";
  readonly #o: CodexdSourceOptions;
  readonly #client: CodexdClient;

  constructor(o: CodexdSourceOptions) {
    this.#o = o;
    this.#client = createClient({ baseUrl: o.baseUrl, token: o.token.input(), timeoutMs: PAGE_MS });
  }

  async page(...[query, signal]: Parameters<LogSource["page"]>): ReturnType<LogSource["page"]> {
    const { link } = this.#o;
    if (link.state.kind === "down") throw new SourceDownError(this.#gap(link.state.reason));
    try {
      return await this.#client.events({ query, signal });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      link.poke();
      throw new SourceDownError(this.#gap(reasonOf(error)), error);
    }
  }

  /** Halves what is left until it is found: a log of a million events is asked twenty times. */
  async lastBefore(at: string, signal: AbortSignal): Promise<number> {
    const { oldestSeq, headSeq } = await this.page({ limit: 1 }, signal);
    let low = oldestSeq - 1;
    let high = headSeq;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const { events } = await this.page({ after: String(middle - 1), limit: 1 }, signal);
      const [event] = events;
      if (event !== undefined && event.at < at) low = Math.max(middle, Math.min(event.seq, high));
      else high = middle - 1;
    }
    return low;
  }

  knownEnd(): SourcePlace | undefined {
    return this.#o.taken();
  }

  isOwn(): boolean {
    return true;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #gap(reason: string): LogGap {
    const { state } = this.#o.link;
    return { source: this.name, ...(state.kind === "down" ? { since: state.since } : {}), reason };
  }
}

const reasonOf = (error: unknown): string => {
  if (error instanceof ProblemReply) return error.status === 401 ? "it refuses conductor's token" : error.code;
  if (error instanceof TransportError) return error.code ?? error.fault;
  if (error instanceof UnexpectedReplyError) return "it answers in other words than this release knows";
  return "its token cannot be read; it makes it at its first start";
};

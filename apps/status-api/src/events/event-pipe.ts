import { EVENT_SOURCES, STATUS_EVENT_ROUTES } from "@baa/contracts";
import {
  type ForwardedCall,
  type Forwarding,
  pipeReply,
  ProblemError,
  UpstreamError,
  type UpstreamToken,
} from "@baa/http";
import { Pool } from "undici";
import { conductorDown, problemOf } from "../sources/conductor-fault.ts";
import type { ConductorSource } from "../sources/conductor.ts";

/** Streams at once; conductor serves others beside us. */
const STREAMS_MAX = 128;
/** Milliseconds for the head of a reply, beside the `waitMs` that was asked for, at most a minute. */
const REPLY_MS = 10_000;
const WAIT_MS_MAX = 60_000;
/** A stream beats every 15 s. */
const STREAM_SILENCE_MS = 45_000;

/** conductor's path of each source. */
const PATHS: Readonly<Record<(typeof EVENT_SOURCES)[number], string>> = {
  codex: "/v1/codex/events",
  conductor: "/v1/events",
};

export interface EventPipeOptions {
  readonly baseUrl: string;
  readonly conductor: ConductorSource;
  readonly token: UpstreamToken;
  readonly tokenFile: string;
}

/** `/v1/events`: the bytes of conductor's stream, one upstream for each client, with its filters and cursor. */
export class EventPipe implements Forwarding {
  readonly routes = STATUS_EVENT_ROUTES;
  readonly #o: EventPipeOptions;
  readonly #pool: Pool;
  #open = 0;

  constructor(o: EventPipeOptions) {
    this.#o = o;
    this.#pool = new Pool(o.baseUrl, { connections: STREAMS_MAX });
  }

  /** Streams and pages that are open now. */
  get openStreams(): number {
    return this.#open;
  }

  async call(call: ForwardedCall): Promise<void> {
    const path = upstreamTarget(call.target);
    if (this.#open >= STREAMS_MAX) throw new ProblemError("too_many_connections", undefined, { retryAfterS: 5 });
    this.#open += 1;
    try {
      await this.#pass(call, path);
    } finally {
      this.#open -= 1;
    }
  }

  async upgrade(): Promise<void> {
    throw new ProblemError("not_found", "no WebSocket is served here; read it as text/event-stream");
  }

  async stop(): Promise<void> {
    // Streams end by the signal of their call.
  }

  destroy(): void {
    // The server cuts the connections of its clients itself.
  }

  /** Lets go of the connections to conductor. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #pass(call: ForwardedCall, path: string): Promise<void> {
    const { conductor, token: tokens } = this.#o;
    if (conductor.link.state.kind === "down") throw conductorDown(conductor.link.state);
    if (conductor.refusal !== undefined) throw conductor.refusal;
    const token = this.#readToken(() => tokens.current());
    if ((await this.#send(call, path, token)) !== 401) return;
    const renewed = this.#readToken(() => tokens.renew(token));
    if (renewed === undefined || (await this.#send(call, path, renewed)) === 401) {
      throw new ProblemError("conductor_refused", `conductor does not accept the token in ${this.#o.tokenFile}`);
    }
  }

  /** @returns the status; 401 was not passed on. @throws ProblemError while nothing was passed on. */
  async #send(call: ForwardedCall, path: string, token: string): Promise<number> {
    const { conductor } = this.#o;
    try {
      return await pipeReply(
        this.#pool,
        {
          method: call.request.method === "HEAD" ? "HEAD" : "GET",
          path,
          headers: { ...passedHeaders(call), authorization: `Bearer ${token}` },
          headersTimeout: REPLY_MS + waitMsOf(path),
          bodyTimeout: STREAM_SILENCE_MS,
        },
        { response: call.response, takeOver: call.takeOver, keep: [401], onAbort: call.onAbort, endsOnStop: true },
      );
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.fault === "aborted") throw new ProblemError("stopping", undefined, { retryAfterS: 5, cause: error });
      conductor.link.poke();
      if (error.fault === "timeout")
        throw new ProblemError("conductor_timeout", undefined, { retryAfterS: 2, cause: error });
      throw conductorDown(conductor.link.state, error);
    }
  }

  #readToken<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw problemOf(error, this.#o.conductor.link.state, this.#o.tokenFile);
    }
  }
}

/**
 * conductor's target for one of ours; what is in the query beside `source` is judged there.
 * @throws ProblemError invalid for a source that there is not.
 */
export const upstreamTarget = (target: string): string => {
  const at = target.indexOf("?");
  const query = new URLSearchParams(at === -1 ? "" : target.slice(at));
  const [source = "codex", ...more] = query.getAll("source");
  const known = EVENT_SOURCES.find((name) => name === source);
  if (known === undefined || more.length > 0) {
    const message = `must be one of ${EVENT_SOURCES.join(", ")}`;
    throw new ProblemError("invalid", undefined, { extra: { errors: [{ path: "query.source", message }] } });
  }
  query.delete("source");
  return query.size === 0 ? PATHS[known] : `${PATHS[known]}?${query.toString()}`;
};

/** Of the caller's headers only these mean anything to conductor. */
const PASSED = ["accept", "last-event-id"] as const;

const passedHeaders = ({ request }: ForwardedCall): Record<string, string> =>
  Object.fromEntries(
    PASSED.flatMap((name): [string, string][] => {
      const value = request.headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );

const waitMsOf = (path: string): number => {
  const waitMs = Number(new URLSearchParams(path.slice(path.indexOf("?") + 1)).get("waitMs") ?? 0);
  return waitMs > 0 ? Math.min(waitMs, WAIT_MS_MAX) : 0;
};

import type {
  Status,
  StatusApprovalList,
  StatusSessionList,
  StatusSessionReply,
  StatusTurnList,
  StatusTurnReply,
} from "@baa/contracts";
import { ApiError, noAnswer, refusal } from "./api-error.ts";

type Query = Readonly<Record<string, string | number | undefined>>;

export interface ApiOptions {
  /** The token of the moment; read for every request. */
  readonly token: () => string;
  /** Told when the service did not know the token that was sent. */
  readonly onUnauthorized: (sent: string) => void;
  readonly fetch: typeof globalThis.fetch;
  /** After so many milliseconds without an answer a reading fails. */
  readonly timeoutMs?: number;
}

/** What status-api can be asked. Every method throws ApiError, or the reason of the `signal` that ended it. */
export class Api {
  readonly #o: ApiOptions;

  constructor(o: ApiOptions) {
    this.#o = o;
  }

  status(signal?: AbortSignal): Promise<Status> {
    return this.#read("/v1/status", {}, signal);
  }

  sessions(query: Query, signal?: AbortSignal): Promise<StatusSessionList> {
    return this.#read("/v1/sessions", query, signal);
  }

  session(sessionId: string, signal?: AbortSignal): Promise<StatusSessionReply> {
    return this.#read(`/v1/sessions/${encodeURIComponent(sessionId)}`, {}, signal);
  }

  turns(sessionId: string, query: Query, signal?: AbortSignal): Promise<StatusTurnList> {
    return this.#read(`/v1/sessions/${encodeURIComponent(sessionId)}/turns`, query, signal);
  }

  turn(sessionId: string, turnId: string, signal?: AbortSignal): Promise<StatusTurnReply> {
    const path = `/v1/sessions/${encodeURIComponent(sessionId)}/turns/${encodeURIComponent(turnId)}`;
    return this.#read(path, {}, signal);
  }

  approvals(query: Query, signal?: AbortSignal): Promise<StatusApprovalList> {
    return this.#read("/v1/approvals", query, signal);
  }

  /** A page of events as JSON; of a feed's head it tells where to begin. */
  eventsHead(source: "codex" | "conductor", signal?: AbortSignal): Promise<{ headSeq: number; oldestSeq: number }> {
    return this.#read("/v1/events", { source, limit: 1 }, signal);
  }

  /** An open event stream. `cursor`: the place to go on from, as the last frame's `id` gave it. */
  async openEvents(query: Query, cursor: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const headers = { accept: "text/event-stream", ...(cursor === undefined ? {} : { "last-event-id": cursor }) };
    const response = await this.#send(pathWith("/v1/events", query), headers, signal);
    if (response.body === null) throw noAnswer(undefined);
    return response.body;
  }

  async #read<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
    const deadline = AbortSignal.timeout(this.#o.timeoutMs ?? 20_000);
    const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      const response = await this.#send(pathWith(path, query), { accept: "application/json" }, either);
      return (await response.json()) as T;
    } catch (error) {
      if (signal?.aborted || error instanceof ApiError) throw error;
      throw noAnswer(error);
    }
  }

  async #send(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const token = this.#o.token();
    let response: Response;
    try {
      response = await this.#o.fetch(path, {
        headers: { ...headers, authorization: `Bearer ${token}` },
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw noAnswer(error);
    }
    if (response.ok) return response;
    const body: unknown = await response.json().catch(() => undefined);
    if (response.status === 401) this.#o.onUnauthorized(token);
    throw refusal(response.status, body, response.headers.get("retry-after"));
  }
}

const pathWith = (path: string, query: Query): string => {
  const set = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set)}`;
};

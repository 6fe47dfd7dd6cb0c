import { randomUUID } from "node:crypto";
import { CODEXD_ROUTES, CONDUCTOR_ROUTES, STATUS_ROUTES } from "@baa/contracts";
import { Pool } from "undici";
import { fillPath, parseBaseUrl, queryText } from "./address.ts";
import type { BaseAddress } from "./address.ts";
import { withDeadline } from "./deadline.ts";
import { TransportError } from "./errors.ts";
import type { ExchangeContext, OutgoingCall } from "./exchange.ts";
import { exchange } from "./exchange.ts";
import { parseReply } from "./reply.ts";
import type { CallOptions, RouteClient, RouteRow, RouteTable } from "./route-types.ts";
import type { TokenInput } from "./token.ts";
import { tokenSource } from "./token.ts";

/** Milliseconds for a call that names none. */
const TIMEOUT_MS = 30_000;
/** Calls above it wait for a free connection: a waiting read (`waitMs`) holds one. */
const CONNECTIONS_MAX = 128;
const REPLY_BYTES_MAX = 256 * 1024 * 1024;

export interface ClientOptions {
  /** Where the service answers, for example `http://127.0.0.1:4319`. */
  readonly baseUrl: string;
  /** Left out: only the routes that need no credential answer. */
  readonly token?: TokenInput | undefined;
  /** Milliseconds for every call that names none; 30,000. A `waitMs` in the query is added to it. */
  readonly timeoutMs?: number | undefined;
  /** Bytes of the longest reply that is read; 256 MiB. */
  readonly replyBytesMax?: number | undefined;
  /** Makes the Idempotency-Key of a call that brings none; a random UUID. */
  readonly newKey?: () => string;
  /** For the jitter of the retry pause. */
  readonly random?: () => number;
}

/** The typed client of codexd: one method per row of `CODEXD_ROUTES`. */
export type CodexdClient = RouteClient<typeof CODEXD_ROUTES>;

/** The typed client of conductor: its own routes, and codexd's as `codex…` (`startTurn` is `codexStartTurn`). */
export type ConductorClient = RouteClient<typeof CONDUCTOR_ROUTES>;

/** The typed client of status-api: it reads only. */
export type StatusClient = RouteClient<typeof STATUS_ROUTES>;

/**
 * A client of codexd. Opens nothing before the first call; `close()` it at the end.
 *
 * Each method sends its row of the route table and resolves with the reply, checked loosely. It rejects with
 * `ProblemReply` (the service said no), `TransportError` (no reply), `UnexpectedReplyError` (not our words), or the
 * reason of the caller's `signal`. See `exchange` for what is sent again.
 *
 * @throws TypeError when `baseUrl` is not a plain http(s) address.
 */
export function createClient(options: ClientOptions): CodexdClient {
  return createRouteClient(CODEXD_ROUTES, options);
}

/** The same for conductor. */
export function createConductorClient(options: ClientOptions): ConductorClient {
  return createRouteClient(CONDUCTOR_ROUTES, options);
}

/** The same for status-api. */
export function createStatusClient(options: ClientOptions): StatusClient {
  return createRouteClient(STATUS_ROUTES, options);
}

/** The same for any route table of `@baa/contracts`. */
export function createRouteClient<T extends RouteTable>(routes: T, options: ClientOptions): RouteClient<T> {
  const base = parseBaseUrl(options.baseUrl);
  // Our own deadline covers a whole call, so undici's are off.
  const pool = new Pool(base.origin, {
    connections: CONNECTIONS_MAX,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: options.replyBytesMax ?? REPLY_BYTES_MAX,
  });
  const context: ExchangeContext = {
    dispatcher: pool,
    tokens: tokenSource(options.token),
    random: options.random ?? Math.random,
  };
  const newKey = options.newKey ?? randomUUID;

  const call = async (row: RouteRow, input: AnyInput): Promise<unknown> => {
    const outgoing = outgoingCall(base, row, input, newKey);
    const raw = await withDeadline(
      {
        timeoutMs: (input.timeoutMs ?? options.timeoutMs ?? TIMEOUT_MS) + Number(input.query?.["waitMs"] ?? 0),
        signal: input.signal,
        onTimeout: () => new TransportError(outgoing.facts, "timeout", "the deadline passed"),
      },
      (signal) => exchange(context, outgoing, signal),
    );
    return parseReply(row, outgoing.facts, raw);
  };

  const methods = Object.entries(routes).map(([name, row]) => [name, (input: AnyInput = {}) => call(row, input)]);
  let closing: Promise<void> | undefined;
  return Object.freeze({
    ...Object.fromEntries(methods),
    close: () => (closing ??= pool.destroy()),
  }) as RouteClient<T>;
}

/** Any row's input; `ClientMethod` has the exact one. */
interface AnyInput extends CallOptions {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function outgoingCall(base: BaseAddress, row: RouteRow, input: AnyInput, newKey: () => string): OutgoingCall {
  const path = base.prefix + fillPath(row.path, input.params);
  const idempotencyKey = row.method === "GET" ? undefined : (input.idempotencyKey ?? newKey());
  return {
    method: row.method,
    path: path + queryText(input.query),
    headers: {
      accept: row.reply.kind === "text" ? "text/plain" : "application/json, application/problem+json",
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      ...(input.body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: input.body === undefined ? undefined : JSON.stringify(input.body),
    mayRepeat: row.method === "GET" || row.idempotent === true,
    facts: { call: `${row.method} ${base.origin}${path}`, idempotencyKey },
  };
}

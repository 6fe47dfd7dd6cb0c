import type { RouteDef } from "@baa/contracts";
import type { FastifyRequest } from "fastify";
import type * as z from "zod";
import type { Credential } from "../credentials/credential.ts";
import type { EventSource } from "../feed/event-source.ts";

/** A route table as contracts defines it: the key is the name. */
export type RouteRow = Omit<RouteDef, "name">;
export type RouteTable = Readonly<Record<string, RouteRow>>;

/** What a handler gets: everything parsed, nothing to look up. */
export interface RouteContext<P = unknown, Q = unknown, B = unknown> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Missing on open addresses when none was given. */
  readonly credential: Credential | undefined;
  readonly request: FastifyRequest;
  readonly requestId: string;
  /** Format checked; what it means is up to the handler. */
  readonly idempotencyKey: string | undefined;
  /** The path with its parameters; of an alias, that of the row it stands for. */
  readonly canonicalPath: string;
  /** Aborts when the client is gone or the server stops: a handler that waits answers at once. */
  readonly signal: AbortSignal;
}

export interface HandlerReply {
  /** The row's own status when missing. */
  readonly status?: number;
  /** JSON value; a string or a stream of UTF-8 for rows of kind `text`; undefined for an empty body. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler<P = unknown, Q = unknown, B = unknown> = (
  context: RouteContext<P, Q, B>,
) => Promise<HandlerReply> | HandlerReply;

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Column<D, K extends string> = D extends { readonly [P in K]: infer S } ? Parsed<S> : undefined;

/** The handler that a row needs, typed by its schemas. */
export type HandlerOf<D> = Handler<Column<D, "params">, Column<D, "query">, Column<D, "body">>;

type IsAlias<D> = D extends { readonly aliasOf: string } ? true : false;
type IsStream<D> = D extends { readonly reply: { readonly kind: "stream" } } ? true : false;

/** One handler for every row that is neither an alias nor a stream. */
export type Handlers<T extends RouteTable> = {
  readonly [K in keyof T as IsAlias<T[K]> extends true ? never : IsStream<T[K]> extends true ? never : K]: HandlerOf<
    T[K]
  >;
};

/** One event source for every row of kind `stream`. */
export type Feeds<T extends RouteTable> = {
  readonly [K in keyof T as IsStream<T[K]> extends true ? K : never]: EventSource;
};

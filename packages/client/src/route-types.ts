import type { RouteDef } from "@baa/contracts";
import type * as z from "zod";

/** One row of a route table as it is written there: its name is its key. */
export type RouteRow = Omit<RouteDef, "name">;
export type RouteTable = Readonly<Record<string, RouteRow>>;

/** What every call takes beside what its row asks for. */
export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call with its retry, beside a `waitMs` in the query. */
  readonly timeoutMs?: number | undefined;
  /** For POST and DELETE. Without it each call gets a new one. */
  readonly idempotencyKey?: string | undefined;
}

// Queries are typed by what the schema gives (numbers), not by what it takes (`coerce` takes anything).
type ParamsPart<R> = R extends { readonly params: infer S extends z.ZodType }
  ? { readonly params: z.input<S> }
  : unknown;
type QueryPart<R> = R extends { readonly query: infer S extends z.ZodType }
  ? { readonly query?: Partial<z.output<S>> }
  : unknown;
type BodyPart<R> = R extends { readonly body: infer S extends z.ZodType }
  ? undefined extends z.input<S>
    ? { readonly body?: z.input<S> }
    : { readonly body: z.input<S> }
  : unknown;

/** The argument of a row's method. */
export type CallInput<R> = CallOptions & ParamsPart<R> & QueryPart<R> & BodyPart<R>;

/** What a row's method resolves with. */
export type CallReply<R> = R extends { readonly reply: { readonly kind: "text" } }
  ? string
  : R extends { readonly reply: { readonly status: 204 } }
    ? undefined
    : R extends { readonly reply: { readonly schema: infer S extends z.ZodType } }
      ? z.output<S>
      : unknown;

/** A row's method; the argument may be left out when the row needs nothing. */
export type ClientMethod<R> =
  object extends CallInput<R>
    ? (input?: CallInput<R>) => Promise<CallReply<R>>
    : (input: CallInput<R>) => Promise<CallReply<R>>;

/** One method per row of the table `T`, and `close`. */
export type RouteClient<T extends RouteTable> = { readonly [K in keyof T]: ClientMethod<T[K]> } & {
  /** Ends all connections; calls in flight reject with a `TransportError` of fault `closed`. */
  close(): Promise<void>;
};

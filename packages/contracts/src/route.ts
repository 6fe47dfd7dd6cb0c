import type * as z from "zod";

/** What a credential may do. `admin` includes all others. */
export const SCOPES = ["read", "drive", "approve", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export type RouteMethod = "GET" | "POST" | "DELETE";

/**
 * One row of the route table: the only description of a route. Server, client, OpenAPI, scopes and
 * CLI help are made from it.
 */
export interface RouteDef {
  /** Name of the handler and of the client's method. */
  readonly name: string;
  readonly method: RouteMethod;
  /** Path with `{param}` placeholders, as OpenAPI writes it. */
  readonly path: string;
  readonly summary: string;
  /** Scope that the credential needs; `none` means the open rows of the guard's table. */
  readonly scope: Scope | "none";
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly bodyBytesMax?: number;
  /**
   * Success: status and schema. `stream` = the feed (JSON page, SSE or WebSocket); `text` = text/plain.
   * `isPretty`: written for people too, as the open documents always are.
   */
  readonly reply: {
    readonly status: number;
    readonly schema?: z.ZodType;
    readonly kind?: "json" | "text" | "stream";
    readonly isPretty?: boolean;
  };
  /** Whether an Idempotency-Key is honoured (every POST and DELETE that changes something durable). */
  readonly idempotent?: boolean;
  /** Another path served by the same handler (its canonical path is `path`). */
  readonly aliasOf?: string;
}

/** Keeps literal names while checking the shape of a table. */
export const defineRoutes = <const T extends Record<string, Omit<RouteDef, "name">>>(table: T) =>
  table as { readonly [K in keyof T]: T[K] };

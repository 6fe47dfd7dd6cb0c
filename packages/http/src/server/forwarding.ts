import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { RouteRow, RouteTable } from "./route-types.ts";

/** A request for a row that another service answers: guarded, its path parameters checked, its body as it came. */
export interface ForwardedCall {
  /** Name of the row. */
  readonly name: string;
  readonly row: RouteRow;
  readonly request: IncomingMessage;
  /** Path and query as they came, byte for byte. */
  readonly target: string;
  /** At most `bodyBytesMax` of the row; undefined when there was none. */
  readonly body: Buffer | undefined;
  readonly idempotencyKey: string | undefined;
  readonly requestId: string;
  readonly response: ServerResponse;
  /** Calls back once when the client is gone or this server stops (the response tells which); perhaps at once. */
  readonly onAbort: (abort: () => void) => void;
  /**
   * To be called right before the reply is begun on `response`: from then on it is the forwarder's own. An error
   * thrown before it becomes a problem reply.
   * @returns the headers that every reply of this server carries.
   */
  readonly takeOver: () => Readonly<Record<string, string>>;
}

/** A guarded upgrade request for a row of kind `stream`. */
export interface ForwardedUpgrade {
  readonly name: string;
  readonly row: RouteRow;
  readonly request: IncomingMessage;
  readonly target: string;
  readonly socket: Duplex;
  /** What the client sent behind its head. */
  readonly head: Buffer;
}

/** Passes requests on to another service as bytes: the rows are guarded and limited here and answered there. */
export interface Forwarding {
  readonly routes: RouteTable;
  call(call: ForwardedCall): Promise<void>;
  /**
   * Resolves when both sides are joined, or an answer of the other service was passed on.
   * @throws ProblemError when nothing has been written to the socket yet; it becomes the answer.
   */
  upgrade(upgrade: ForwardedUpgrade): Promise<void>;
  /** Says goodbye to open streams; resolves when all are gone. */
  stop(): Promise<void>;
  /** Cuts what is still open. */
  destroy(): void;
}

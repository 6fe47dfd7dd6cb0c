import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Surface } from "../guard/surfaces.ts";

/** An upgrade request to a path of a SocketService: guarded, and not answered yet. */
export interface SocketUpgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the client sent behind its head. */
  readonly head: Buffer;
  /** `moz-extension://<uuid>`; the guard has let it in. */
  readonly origin: string;
  readonly remoteAddress: string | undefined;
}

/** What speaks on the WebSockets of one path that only a browser's extension may open. */
export interface SocketService {
  /**
   * Takes the socket over.
   * @throws ProblemError while nothing has been written to the socket; it becomes the answer.
   */
  open(upgrade: SocketUpgrade): void;
  /** Says goodbye to all; resolves when all are gone. */
  stop(): Promise<void>;
  /** Cuts what is still open. */
  destroy(): void;
}

/** The guard's exceptions for such paths. */
export const socketSurfaces = (paths: readonly string[]): Surface[] =>
  paths.map((path) => ({ methods: ["GET"], path, browserCheck: "extension", credential: "none" }));

/** The guard's name of the row for such a path. */
export const socketRow = (path: string): string => `socket ${path}`;

import { WS_CLOSE } from "@baa/contracts";
import { FIREFOX_LIMITS, FIREFOX_PROTOCOL } from "@baa/contracts/firefox";
import { ProblemError, type SocketService, type SocketUpgrade } from "@baa/http";
import { createId, type Logger } from "@baa/process";
import { WebSocketServer } from "ws";
import { type After, after } from "./after.ts";
import type { FirefoxDesk, FirefoxDoor } from "./bridge.ts";
import { Connection, type ConnectionLimits } from "./connection.ts";
import { PEER_LIMITS } from "./peer.ts";

export interface FirefoxServerLimits extends ConnectionLimits {
  /** Sockets whose browser has not proved itself. One more ends the oldest: a browser proves itself in milliseconds. */
  readonly unprovedMax: number;
}

const LIMITS: FirefoxServerLimits = {
  ...PEER_LIMITS,
  handshakeMs: FIREFOX_LIMITS.handshakeMs,
  heartbeatMs: FIREFOX_LIMITS.heartbeatMs,
  unprovedMax: 16,
};
/** Firefox sends a message in one piece. */
const FRAGMENTS_MAX = 64;

export interface FirefoxServerOptions {
  readonly door: FirefoxDoor;
  readonly desk: FirefoxDesk;
  readonly logger: Pick<Logger, "debug" | "info" | "warn" | "error">;
  readonly newId?: (prefix: string) => string;
  /** Both for tests. */
  readonly after?: After;
  readonly limits?: Partial<FirefoxServerLimits>;
}

/**
 * `createServer`'s service for `/ws/firefox` while the leader may not be known yet, or be no leader at all.
 * `leading` throws the problem that says why there is none. The guard has to admit Origins then, so that they hear it.
 */
export const firefoxSockets = (o: {
  leading: () => FirefoxServer;
  now: () => FirefoxServer | undefined;
}): SocketService => ({
  open: (upgrade) => o.leading().open(upgrade),
  stop: async () => o.now()?.stop(),
  destroy: () => o.now()?.destroy(),
});

/** The sockets at `/ws/firefox`: of browsers that have not proved themselves yet, and of those that have. */
export class FirefoxServer implements SocketService {
  readonly #o: FirefoxServerOptions;
  readonly #limits: FirefoxServerLimits;
  readonly #connections = new Set<Connection>();
  /** Oldest first. */
  readonly #unproved = new Set<Connection>();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: FIREFOX_LIMITS.frameBytes,
    maxFragments: FRAGMENTS_MAX,
    perMessageDeflate: false,
    autoPong: false,
    handleProtocols: () => FIREFOX_PROTOCOL,
  });
  #isStopping = false;

  constructor(o: FirefoxServerOptions) {
    this.#o = o;
    this.#limits = { ...LIMITS, ...o.limits };
  }

  /** @throws ProblemError bad_request, stopping */
  open({ request, socket, head, origin, remoteAddress }: SocketUpgrade): void {
    if (this.#isStopping) throw new ProblemError("stopping", undefined, { retryAfterS: 5 });
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (!offered.includes(FIREFOX_PROTOCOL)) {
      throw new ProblemError("bad_request", `the subprotocol ${FIREFOX_PROTOCOL} is needed`);
    }
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      const { door, desk, logger, newId = createId } = this.#o;
      const connection = new Connection({
        id: newId("conn_"),
        ws,
        socket,
        origin,
        remoteAddress,
        door,
        desk,
        logger,
        after: this.#o.after ?? after,
        limits: this.#limits,
        onProved: () => this.#unproved.delete(connection),
      });
      this.#add(connection);
    });
  }

  /** Closes every socket with 1001; resolves when all are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const connection of this.#connections) connection.close(WS_CLOSE.goingAway);
    await Promise.all([...this.#connections].map(({ closed }) => closed));
  }

  destroy(): void {
    this.#isStopping = true;
    for (const connection of this.#connections) connection.cut();
  }

  #add(connection: Connection): void {
    const [oldest] = this.#unproved;
    if (oldest !== undefined && this.#unproved.size >= this.#limits.unprovedMax) {
      this.#unproved.delete(oldest);
      oldest.close(WS_CLOSE.handshake);
      oldest.cut();
    }
    this.#connections.add(connection);
    this.#unproved.add(connection);
    void connection.closed.then(() => {
      this.#connections.delete(connection);
      this.#unproved.delete(connection);
    });
  }
}

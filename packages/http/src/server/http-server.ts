import { createServer as createNodeServer } from "node:http";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import type { Feed } from "../feed/feed.ts";
import type { Forwarding } from "./forwarding.ts";
import { LateListener } from "./late-listener.ts";
import type { LateListenerOptions } from "./late-listener.ts";
import { listen, urlOf } from "./listen.ts";
import type { ListenAddress } from "./listen.ts";
import type { RequestSignals } from "./request-signals.ts";
import type { SocketService } from "./socket-service.ts";
import type { createUpgradeHandler } from "./upgrade.ts";

/** Limits on sockets, so that no caller can keep one open by sending nothing (Node's own: 60 s and 300 s). */
export interface ServerLimits {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly connectionsCheckingIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly connectionsMax: number;
}

export const SERVER_LIMITS: ServerLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  connectionsCheckingIntervalMs: 2_000,
  keepAliveTimeoutMs: 5_000,
  connectionsMax: 1024,
};

/** Longest stop; launchd kills after 30 s. */
export const STOP_BUDGET_MS = 10_000;
const CLOSE_IDLE_INTERVAL_MS = 25;

export interface HttpServerParts {
  readonly app: FastifyInstance;
  readonly onUpgrade: ReturnType<typeof createUpgradeHandler>;
  readonly feeds: readonly Feed[];
  readonly sockets: readonly SocketService[];
  readonly forwarding: Forwarding | undefined;
  readonly signals: RequestSignals;
  readonly limits: ServerLimits;
  /** Shared with the guard and the app, which were made before this server knew its addresses. */
  readonly state: ServerState;
}

export interface ServerState {
  /** Never changed in place: the guard knows by the array whether it has changed. */
  listeners: readonly ListenAddress[];
  isStopping: boolean;
}

/** One handler behind one or more listeners. */
export class HttpServer {
  readonly #parts: HttpServerParts;
  readonly #servers: Server[] = [];
  /** Connections that have not sent a whole head yet: Node does not count them as idle. */
  readonly #unspoken = new Set<Duplex>();
  readonly #late = new Set<LateListener>();
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: HttpServerParts) {
    this.#parts = parts;
  }

  /**
   * Listens on exactly these addresses.
   * @throws ListenAddressError (configuration), PortBusyError (names the holder).
   */
  start(at: ListenAddress | readonly ListenAddress[]): Promise<void> {
    return (this.#started ??= this.#start("host" in at ? [at] : at));
  }

  /**
   * Listens at an address that the machine may not have yet (a tunnel that comes up late): tries now, and while it is
   * missing again and again until `stop()`. Resolves after the first try.
   * @throws as `start`, for every other fault of the first try; later ones go to `onFault`.
   */
  async startLate(at: ListenAddress, o: LateListenerOptions = {}): Promise<void> {
    const late = new LateListener(at, { ...o, listen: (address) => this.#listen(address) });
    this.#late.add(late);
    await late.start();
  }

  /**
   * Takes no more requests, says `bye` to streams, lets requests in progress end, and cuts what is left
   * after `budgetMs`.
   */
  stop(budgetMs: number = STOP_BUDGET_MS): Promise<void> {
    return (this.#stopped ??= this.#stop(budgetMs));
  }

  /** The first address that is served. */
  address(): ListenAddress & { readonly url: string } {
    const first = this.#parts.state.listeners[0];
    if (first === undefined) throw new Error("the server does not listen");
    return { ...first, url: urlOf(first) };
  }

  addresses(): readonly ListenAddress[] {
    return [...this.#parts.state.listeners];
  }

  /** Open streams and what they hold back, over all feeds. */
  feedStats(): { open: number; blocked: number; unsentBytes: number } {
    const total = { open: 0, blocked: 0, unsentBytes: 0 };
    for (const feed of this.#parts.feeds) {
      const stats = feed.stats();
      total.open += stats.open;
      total.blocked += stats.blocked;
      total.unsentBytes += stats.unsentBytes;
    }
    return total;
  }

  /** A request without a socket, for tests. The guard runs as ever. */
  inject(options: InjectOptions): Promise<LightMyRequestResponse> {
    return this.#parts.app.inject(options);
  }

  async #start(addresses: readonly ListenAddress[]): Promise<void> {
    await this.#parts.app.ready();
    try {
      for (const at of addresses) await this.#listen(at);
    } catch (error) {
      await this.stop(0);
      throw error;
    }
  }

  async #listen(at: ListenAddress): Promise<void> {
    const server = this.#createListener();
    const bound = await listen(server, at);
    if (this.#parts.state.isStopping) {
      server.close();
      return;
    }
    this.#servers.push(server);
    this.#parts.state.listeners = [...this.#parts.state.listeners, bound];
  }

  #createListener(): Server {
    const { limits, app, onUpgrade } = this.#parts;
    const server = createNodeServer(
      {
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        connectionsCheckingInterval: limits.connectionsCheckingIntervalMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        noDelay: true,
      },
      (request, response) => {
        this.#unspoken.delete(request.socket);
        app.routing(request, response);
      },
    );
    server.on("connection", (socket) => {
      this.#unspoken.add(socket);
      socket.once("close", () => this.#unspoken.delete(socket));
    });
    server.maxConnections = limits.connectionsMax;
    // The guard counts headers, so it must see all of them; their bytes are bounded by Node.
    server.maxHeadersCount = 0;
    server.on("upgrade", (request, socket, head) => {
      this.#unspoken.delete(socket);
      onUpgrade(request, socket, head);
    });
    return server;
  }

  async #stop(budgetMs: number): Promise<void> {
    const { state, signals, feeds, sockets, forwarding, app } = this.#parts;
    const streams = [...feeds, ...sockets, ...(forwarding === undefined ? [] : [forwarding])];
    state.isStopping = true;
    for (const late of this.#late) late.stop();
    signals.abortAll();
    const listening = this.#servers.filter((server) => server.listening);
    const closed = listening.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    // A client that keeps its connection alive would hold close() open: idle ones are closed as they become idle, and
    // so are those that asked for nothing (a client of undici opens one in advance when its stream was aborted).
    const idle = setInterval(() => {
      for (const server of listening) server.closeIdleConnections();
      for (const socket of this.#unspoken) socket.destroy();
    }, CLOSE_IDLE_INTERVAL_MS);
    const budget = setTimeout(() => {
      for (const stream of streams) stream.destroy();
      for (const server of listening) server.closeAllConnections();
    }, budgetMs);
    try {
      await Promise.all([...closed, ...streams.map((stream) => stream.stop())]);
    } finally {
      clearInterval(idle);
      clearTimeout(budget);
    }
    await app.close();
  }
}

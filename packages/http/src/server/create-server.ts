import { createId, systemClock } from "@baa/process";
import { Feed } from "../feed/feed.ts";
import type { EventSource } from "../feed/event-source.ts";
import type { FeedLimits } from "../feed/limits.ts";
import { createGuard } from "../guard/guard.ts";
import type { Guard, GuardOptions, GuardReject, GuardRoute } from "../guard/guard-types.ts";
import type { HttpLogger } from "../problem/log-problem.ts";
import { createApp } from "./app.ts";
import type { ServedRequest } from "./app.ts";
import type { Forwarding } from "./forwarding.ts";
import { HttpServer, SERVER_LIMITS } from "./http-server.ts";
import type { ServerLimits, ServerState } from "./http-server.ts";
import { RequestSignals } from "./request-signals.ts";
import type { Feeds, Handler, Handlers, RouteRow, RouteTable } from "./route-types.ts";
import { type SocketService, socketRow, socketSurfaces } from "./socket-service.ts";
import { fileRoutes, fileSurfaces } from "./static-files.ts";
import type { StaticFile } from "./static-files.ts";
import { resolveTable, RouteTableError } from "./table.ts";
import { createUpgradeHandler } from "./upgrade.ts";

export interface ServerOptions<T extends RouteTable> {
  readonly routes: T;
  /** One for every row that is neither an alias nor a stream. */
  readonly handlers: Handlers<T>;
  /** One for every row of kind `stream`. */
  readonly feeds: Feeds<T>;
  readonly guard: Pick<
    GuardOptions,
    "credentials" | "surfaces" | "allowedHosts" | "publicHosts" | "admits" | "onReject"
  >;
  /** Further rows, which another service answers. */
  readonly forwarding?: Forwarding;
  /** Open files, kept in memory. The guard's exceptions for them are made here. */
  readonly files?: readonly StaticFile[];
  /** Asked by name of the row after the guard and before anything else; throws the ProblemError that refuses. */
  readonly admit?: (name: string) => void;
  /** A hint for who asks for a path that is not served. */
  readonly notFoundHint?: (path: string) => string | undefined;
  readonly logger: HttpLogger;
  /** Shown in `hello`. */
  readonly version: string;
  /** Further paths that take WebSocket upgrades only: path -> name of a stream row. */
  readonly webSocketPaths?: Readonly<Record<string, string>>;
  /**
   * Paths at which extensions that `guard.admits` lets in may open WebSockets, and nobody anything else: on plain HTTP
   * they stay 404. The guard's exceptions for them are made here; `admit` is asked with `socket <path>`.
   */
  readonly sockets?: Readonly<Record<string, SocketService>>;
  readonly clock?: { monoMs(): number };
  readonly newRequestId?: () => string;
  readonly limits?: Partial<ServerLimits>;
  readonly feedLimits?: Partial<FeedLimits>;
  /** Told about every request that was served (metrics). */
  readonly onServed?: (served: ServedRequest) => void;
  /** Refuses replies that do not fit their schema with 500; for tests. */
  readonly checkReplies?: boolean;
}

/**
 * A server over a route table. Nothing listens before `start()`.
 * @throws RouteTableError when a handler is missing or one too many, or guard and table differ about what is
 *   open; AllowedHostError for a wildcard.
 */
export function createServer<const T extends RouteTable>(o: ServerOptions<T>): HttpServer {
  const clock = o.clock ?? systemClock;
  const newRequestId = o.newRequestId ?? (() => createId("req_"));
  const state: ServerState = { listeners: [], isStopping: false };
  const signals = new RequestSignals();
  const handlers = o.handlers as Readonly<Record<string, Handler>>;
  const sources = o.feeds as Readonly<Record<string, EventSource>>;
  const rows = resolveTable({ routes: o.routes, handlers, feeds: sources, surfaces: o.guard.surfaces });
  const feeds = new Map(
    Object.entries(sources).map(([name, source]) => [
      name,
      new Feed({ source, version: o.version, logger: o.logger, clock, ...(o.feedLimits && { limits: o.feedLimits }) }),
    ]),
  );
  const webSockets = webSocketRows(o.routes, o.webSocketPaths ?? {});
  const files = o.files ?? [];
  const sockets = Object.entries(o.sockets ?? {});
  const guard = guardOf(o, { state, clock, files, webSockets: webSockets.guarded });
  const app = createApp({
    routes: o.routes,
    rows,
    handlers,
    feeds,
    guard,
    signals,
    logger: o.logger,
    newRequestId,
    isStopping: () => state.isStopping,
    checkReplies: o.checkReplies ?? false,
    forwarding: o.forwarding,
    files,
    admit: o.admit ?? (() => {}),
    notFoundHint: o.notFoundHint,
    onServed: o.onServed,
  });
  const onUpgrade = createUpgradeHandler({
    guard,
    feeds: upgradeFeeds(o.routes, feeds, webSockets.names),
    forwarding: o.forwarding,
    sockets: new Map(sockets.map(([path, service]) => [socketRow(path), service])),
    admit: o.admit ?? (() => {}),
    isStopping: () => state.isStopping,
    logger: o.logger,
    newRequestId,
  });
  return new HttpServer({
    app,
    onUpgrade,
    feeds: [...feeds.values()],
    sockets: sockets.map(([, service]) => service),
    forwarding: o.forwarding,
    signals,
    limits: { ...SERVER_LIMITS, ...o.limits },
    state,
  });
}

/** The guard over all rows: our own, those that are passed on, the upgrades and the files. */
function guardOf(
  o: Pick<ServerOptions<RouteTable>, "guard" | "routes" | "forwarding" | "sockets" | "logger">,
  parts: {
    state: ServerState;
    clock: { monoMs(): number };
    files: readonly StaticFile[];
    webSockets: Record<string, GuardRoute>;
  },
): Guard {
  const socketPaths = Object.keys(o.sockets ?? {});
  const socketRows = socketPaths.map((path): [string, GuardRoute] => [
    socketRow(path),
    { method: "GET", path, scope: "none" },
  ]);
  return createGuard({
    ...o.guard,
    surfaces: [...socketSurfaces(socketPaths), ...o.guard.surfaces, ...fileSurfaces(parts.files)],
    clock: parts.clock,
    listeners: () => parts.state.listeners,
    routes: {
      ...o.routes,
      ...o.forwarding?.routes,
      ...parts.webSockets,
      ...Object.fromEntries(socketRows),
      ...fileRoutes(parts.files),
    },
    onReject: (reject) => {
      logReject(o.logger, reject);
      o.guard.onReject?.(reject);
    },
  });
}

/** The feed behind every name that an upgrade may have. */
function upgradeFeeds(
  routes: RouteTable,
  feeds: ReadonlyMap<string, Feed>,
  extraNames: ReadonlyMap<string, readonly string[]>,
): Map<string, { feed: Feed; row: RouteRow }> {
  const upgrades = new Map<string, { feed: Feed; row: RouteRow }>();
  for (const [name, feed] of feeds) {
    const row = routes[name];
    if (row === undefined) continue;
    for (const each of [name, ...(extraNames.get(name) ?? [])]) upgrades.set(each, { feed, row });
  }
  return upgrades;
}

/** Rows that only the guard and the upgrade handler know: on plain HTTP these paths stay 404. */
function webSocketRows(
  routes: RouteTable,
  paths: Readonly<Record<string, string>>,
): { guarded: Record<string, GuardRoute>; names: Map<string, string[]> } {
  const guarded: Record<string, GuardRoute> = {};
  const names = new Map<string, string[]>();
  for (const [path, target] of Object.entries(paths)) {
    const row = routes[target];
    if (row?.reply.kind !== "stream") throw new RouteTableError([`WebSocket path ${path}: ${target} is no stream row`]);
    if (path === row.path) continue;
    const name = `webSocket ${path}`;
    guarded[name] = { method: "GET", path, scope: row.scope };
    names.set(target, [...(names.get(target) ?? []), name]);
  }
  return { guarded, names };
}

/** A refusal is no news; a guard that failed and an address that guesses tokens are. */
function logReject(logger: HttpLogger, reject: GuardReject): void {
  const line = {
    event: "guard.rejected",
    code: reject.code,
    method: reject.method,
    remoteAddress: reject.remoteAddress,
  };
  if (reject.error !== undefined)
    logger.error({ ...line, err: reject.error }, "the guard failed; the request was refused");
  else if (reject.limitReached === true)
    logger.warn(line, "too many failed credentials; this address is limited for a minute");
  else logger.debug(line, "request refused by the guard");
}

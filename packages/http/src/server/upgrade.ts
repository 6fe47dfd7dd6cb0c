import type { IncomingMessage } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { EventsQuery } from "@baa/contracts";
import { WebSocketServer } from "ws";
import type { Feed, FeedRequest } from "../feed/feed.ts";
import type { Guard, GuardPass } from "../guard/guard-types.ts";
import { asProblem } from "../problem/as-problem.ts";
import { logProblem } from "../problem/log-problem.ts";
import type { HttpLogger } from "../problem/log-problem.ts";
import { ProblemError } from "../problem/problem-error.ts";
import type { Forwarding } from "./forwarding.ts";
import { guardRequest, refusalProblem } from "./guarded.ts";
import { parseQuery, queryOf } from "./parse-query.ts";
import { REPLY_HEADERS } from "./reply-headers.ts";
import type { RouteRow } from "./route-types.ts";
import type { SocketService } from "./socket-service.ts";
import { problemHeaders, problemText } from "./send-problem.ts";
import { validatePart } from "./validate.ts";

/** A feed's clients have nothing to send. */
const MESSAGE_BYTES_MAX = 64 * 1024;
const FRAGMENTS_MAX = 64;
/** Time a refused client has to take the answer. */
const REFUSED_MS = 1_000;

export interface UpgradeOptions {
  readonly guard: Guard;
  /** By the guard's name of the row. */
  readonly feeds: ReadonlyMap<string, { feed: Feed; row: RouteRow }>;
  readonly forwarding: Forwarding | undefined;
  /** By the guard's name of the row. */
  readonly sockets: ReadonlyMap<string, SocketService>;
  readonly admit: (name: string) => void;
  readonly isStopping: () => boolean;
  readonly logger: HttpLogger;
  readonly newRequestId: () => string;
}

/**
 * Handles every upgrade request, whatever its path: guard, path, query and room are judged before 101, and
 * a refusal is an ordinary HTTP answer. `ws` is used directly: @fastify/websocket answers 101 before its
 * handler could read the cursor, and serves one listener only.
 */
export function createUpgradeHandler(o: UpgradeOptions) {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES_MAX,
    maxFragments: FRAGMENTS_MAX,
    perMessageDeflate: false,
    autoPong: false,
    handleProtocols: () => false,
  });
  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Node has taken its own listener off; a peer that resets now is nobody's error.
    socket.on("error", () => socket.destroy());
    const requestId = o.newRequestId();
    const fail = (error: unknown): void => {
      const problem = asProblem(error);
      logProblem(o.logger, problem, { requestId });
      refuseUpgrade(socket, problem);
    };
    try {
      const decision = guardRequest(o.guard, request);
      // Counted by the guard and not logged, as on every other path: a page must not be able to fill the log.
      if (!decision.ok) return refuseUpgrade(socket, refusalProblem(decision));
      const name = admittedRow(o, request, decision);
      const service = o.sockets.get(name);
      if (service !== undefined) {
        const origin = request.headers.origin ?? "";
        return service.open({ request, socket, head, origin, remoteAddress: request.socket.remoteAddress });
      }
      const forwarded = o.forwarding?.routes[name];
      if (o.forwarding !== undefined && forwarded?.reply.kind === "stream") {
        const target = request.url ?? "";
        o.forwarding.upgrade({ name, row: forwarded, request, target, socket, head }).catch(fail);
        return;
      }
      const { feed, parsed } = openFeed(o, request, name);
      webSockets.handleUpgrade(request, socket, head, (ws) => feed.openWebSocket(parsed, { ws, socket }));
    } catch (error) {
      fail(error);
    }
  };
}

/**
 * The name of the row that this request would open.
 * @throws ProblemError when there is none, or it is not opened now.
 */
function admittedRow(o: UpgradeOptions, request: IncomingMessage, { route }: GuardPass): string {
  if (route === undefined || !isServed(o, route) || request.method !== "GET") {
    throw new ProblemError("not_found", "no WebSocket is served here");
  }
  if (request.headers.upgrade?.toLowerCase() !== "websocket") {
    throw new ProblemError("bad_request", "the only upgrade is to a WebSocket");
  }
  if (o.isStopping()) throw new ProblemError("stopping", undefined, { retryAfterS: 5 });
  o.admit(route);
  return route;
}

const isServed = (o: UpgradeOptions, route: string): boolean =>
  o.feeds.has(route) || o.sockets.has(route) || o.forwarding?.routes[route]?.reply.kind === "stream";

/** @throws ProblemError for a query that does not fit, and when there is no room. */
function openFeed(o: UpgradeOptions, request: IncomingMessage, name: string): { feed: Feed; parsed: FeedRequest } {
  const target = o.feeds.get(name);
  if (target === undefined) throw new ProblemError("not_found", "no WebSocket is served here");
  const query = validatePart(target.row.query, parseQuery(queryOf(request.url ?? "")), "query") as EventsQuery;
  const parsed = target.feed.parse(query);
  target.feed.checkRoom();
  return { feed: target.feed, parsed };
}

function refuseUpgrade(socket: Duplex, problem: ProblemError): void {
  const body = Buffer.from(problemText(problem));
  const headers = {
    ...REPLY_HEADERS,
    ...problemHeaders(problem),
    "content-length": String(body.length),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? "Error"}\r\n${lines.join("")}\r\n`;
  const timer = setTimeout(() => socket.destroy(), REFUSED_MS);
  socket.once("close", () => clearTimeout(timer));
  // What the client still sends is thrown away: unread bytes at the close would reset the connection under the answer.
  socket.resume();
  socket.end(Buffer.concat([Buffer.from(head), body]));
}

import fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Feed } from "../feed/feed.ts";
import { pathOf } from "../guard/guard.ts";
import type { Guard, GuardRoute } from "../guard/guard-types.ts";
import { createRouteMatcher } from "../guard/route-matcher.ts";
import { asProblem } from "../problem/as-problem.ts";
import { logProblem } from "../problem/log-problem.ts";
import type { HttpLogger } from "../problem/log-problem.ts";
import { ProblemError } from "../problem/problem-error.ts";
import { handleFeed } from "./feed-handler.ts";
import { addForwardedRows } from "./forward-row.ts";
import type { Forwarding } from "./forwarding.ts";
import { guardRequest, GuardPasses, refusalProblem } from "./guarded.ts";
import { parseJsonBody } from "./json-body.ts";
import { lingerOnClose } from "./linger.ts";
import { parseQuery } from "./parse-query.ts";
import { REPLY_HEADERS } from "./reply-headers.ts";
import type { RequestSignals } from "./request-signals.ts";
import type { Handler, RouteTable } from "./route-types.ts";
import { handleRow } from "./row-handler.ts";
import { sendProblem } from "./send-problem.ts";
import { addFileRows, fileRoutes } from "./static-files.ts";
import type { StaticFile } from "./static-files.ts";
import type { ServedRow } from "./table.ts";

/** Bodies of rows that name no limit of their own. */
export const BODY_BYTES_MAX = 1024 * 1024;

export interface ServedRequest {
  readonly method: string;
  /** Name of the row, `unknown` for everything else: bounded, so it can be a metric's label. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

export interface AppOptions {
  readonly routes: RouteTable;
  readonly rows: readonly ServedRow[];
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly guard: Guard;
  readonly signals: RequestSignals;
  readonly logger: HttpLogger;
  readonly newRequestId: () => string;
  readonly isStopping: () => boolean;
  readonly checkReplies: boolean;
  readonly forwarding: Forwarding | undefined;
  readonly files: readonly StaticFile[];
  readonly admit: (name: string) => void;
  readonly notFoundHint: ((path: string) => string | undefined) | undefined;
  readonly onServed: ((served: ServedRequest) => void) | undefined;
}

const unused = (): never => {
  throw new Error("rows are checked by the schemas of the route table; Fastify is given none");
};
/** Keeps Fastify from loading its own validator and serialiser (ajv, fast-json-stringify), which nothing here asks for. */
const NO_SCHEMAS = { compilersFactory: { buildValidator: unused, buildSerializer: unused } };

/** The Fastify instance behind all listeners: guard first, then the rows of the table. */
export function createApp(o: AppOptions): FastifyInstance {
  const app = fastify({
    genReqId: o.newRequestId,
    requestIdHeader: false,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { querystringParser: parseQuery, maxParamLength: 128 },
    schemaController: NO_SCHEMAS,
    frameworkErrors: (error, request, reply) => refuseUnroutable(o, error, request, reply),
  });
  const passes = new GuardPasses();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    parseBody(body as Buffer, done);
  });
  app.addHook("onRequest", async (request, reply) => enter(o, passes, request, reply));
  app.addHook("onResponse", async (request, reply) => note(o, request, reply));
  app.setErrorHandler((error, request, reply) => fail(o.logger, error, request, reply));
  app.setNotFoundHandler(notFound({ ...o.routes, ...o.forwarding?.routes, ...fileRoutes(o.files) }, o.notFoundHint));
  for (const r of o.rows) addRow(app, r, { o, passes });
  addFileRows(app, o.files, passes);
  if (o.forwarding !== undefined) {
    addForwardedRows(app, { forwarding: o.forwarding, passes, signals: o.signals, admit: o.admit });
  }
  return app;
}

function parseBody(body: Buffer, done: (error: Error | null, value?: unknown) => void): void {
  let value: unknown;
  try {
    value = parseJsonBody(body);
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, value);
}

/** Every request passes here before anything else looks at it. */
function enter(
  o: AppOptions,
  passes: GuardPasses,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  reply.headers(REPLY_HEADERS);
  const decision = guardRequest(o.guard, request.raw);
  if (!decision.ok) {
    if (isLargeBody(request)) reply.header("connection", "close");
    lingerOnClose(request.raw);
    return sendProblem(reply, refusalProblem(decision));
  }
  reply.header("x-request-id", request.id);
  if (o.isStopping()) {
    reply.header("connection", "close");
    throw new ProblemError("stopping", undefined, { retryAfterS: 5 });
  }
  passes.remember(request.raw, decision);
  return undefined;
}

/** A refused body that is not worth reading to its end only to keep the connection. */
const isLargeBody = (request: FastifyRequest): boolean =>
  request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX;

function note(o: AppOptions, request: FastifyRequest, reply: FastifyReply): void {
  const served: ServedRequest = {
    method: request.method,
    route: (request.routeOptions.config as { row?: string }).row ?? "unknown",
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
  };
  o.onServed?.(served);
  o.logger.debug(
    { event: "http.request", ...served, path: pathOf(request.url), requestId: request.id },
    "request served",
  );
}

function fail(logger: HttpLogger, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = asProblem(error);
  logProblem(logger, problem, { requestId: request.id });
  lingerOnClose(request.raw);
  return sendProblem(reply, problem, request.id);
}

/** A target that the router cannot take apart (`%zz`): hooks do not run for it, so the guard is asked here. */
function refuseUnroutable(o: AppOptions, error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(REPLY_HEADERS);
  const decision = guardRequest(o.guard, request.raw);
  const problem = decision.ok ? new ProblemError("not_found", undefined, { cause: error }) : refusalProblem(decision);
  void sendProblem(reply, problem);
}

function notFound(routes: Readonly<Record<string, GuardRoute>>, hint: AppOptions["notFoundHint"]) {
  const matcher = createRouteMatcher(routes);
  return (request: FastifyRequest): never => {
    const path = pathOf(request.url);
    const allow = ["GET", "HEAD", "POST", "DELETE"].filter((method) => matcher.match(method, path) !== undefined);
    if (allow.length === 0 || allow.includes(request.method)) throw new ProblemError("not_found", hint?.(path));
    throw new ProblemError("method_not_allowed", undefined, { extra: { allow } });
  };
}

function addRow(app: FastifyInstance, r: ServedRow, { o, passes }: { o: AppOptions; passes: GuardPasses }): void {
  const handler = o.handlers[r.canonical.name];
  const feed = o.feeds.get(r.name);
  app.route({
    method: r.row.method,
    url: r.row.path.replaceAll(/\{([A-Za-z]+)\}/g, ":$1"),
    config: { row: r.name },
    ...(r.row.bodyBytesMax === undefined ? {} : { bodyLimit: r.row.bodyBytesMax }),
    handler: async (request, reply) => {
      const pass = passes.forRow(request.raw, r.name);
      o.admit(r.name);
      if (feed !== undefined) return handleFeed(r.row, { feed, request, reply, signals: o.signals });
      if (handler === undefined) throw new Error(`row ${r.name} has no handler`);
      return handleRow(r, { handler, pass, signals: o.signals, request, reply, checkReplies: o.checkReplies });
    },
  });
}

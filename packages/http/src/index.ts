export { asProblem } from "./problem/as-problem.ts";
export { type HttpLogger, logProblem } from "./problem/log-problem.ts";
export { PROBLEM_MEDIA_TYPE, problemBody } from "./problem/problem-body.ts";
export { ProblemError, type ProblemOptions } from "./problem/problem-error.ts";
export { type Credential, type CredentialSource, digestOf } from "./credentials/credential.ts";
export { fixedToken } from "./credentials/fixed-token.ts";
export { privateDirFinding, privateFileFinding, tokenFileFinding } from "./credentials/private-findings.ts";
export { tokenFile, TokenFileError, type TokenFileOptions } from "./credentials/token-file.ts";
export {
  checkTokenEntry,
  PUBLIC_SCOPES,
  readTokenDocument,
  type TokenDocument,
  type TokenEntry,
  TOKENS_FORMAT,
} from "./credentials/token-document.ts";
export { tokenList, type TokenListOptions } from "./credentials/token-list.ts";
export { createGuard } from "./guard/guard.ts";
export type {
  Guard,
  GuardDecision,
  GuardOptions,
  GuardPass,
  GuardRefusal,
  GuardReject,
  GuardRequest,
  GuardRoute,
  PublicHosts,
} from "./guard/guard-types.ts";
export { AllowedHostError } from "./guard/host-check.ts";
export { CODEXD_SURFACES, CONDUCTOR_SURFACES, STATUS_SURFACES, type Surface } from "./guard/surfaces.ts";
export { acceptsSse } from "./feed/accepts-sse.ts";
export { type Cursor, parseCursor } from "./feed/cursor.ts";
export { type EventSource, withSnapshot } from "./feed/event-source.ts";
export { createFilter, type Filter } from "./feed/filter.ts";
export { readEvents } from "./feed/read-events.ts";
export { FEED_LIMITS, type FeedLimits } from "./feed/limits.ts";
export { writeQueueBytes } from "./feed/sink.ts";
export { createServer, type ServerOptions } from "./server/create-server.ts";
export { HttpServer, SERVER_LIMITS, type ServerLimits, STOP_BUDGET_MS } from "./server/http-server.ts";
export { type ServedRequest } from "./server/app.ts";
export type { ForwardedCall, ForwardedUpgrade, Forwarding } from "./server/forwarding.ts";
export type { LateListenerOptions } from "./server/late-listener.ts";
export { type ListenAddress, ListenAddressError, PortBusyError, urlOf } from "./server/listen.ts";
export { Listeners } from "./server/listeners.ts";
export type { SocketService, SocketUpgrade } from "./server/socket-service.ts";
export type { StaticFile } from "./server/static-files.ts";
export { findPortHolder, type PortHolder } from "./server/port-holder.ts";
export type {
  Feeds,
  Handler,
  HandlerOf,
  HandlerReply,
  Handlers,
  RouteContext,
  RouteTable,
} from "./server/route-types.ts";
export { RouteTableError } from "./server/table.ts";
export { type KeyedRequest, type RequestMark, requestMark } from "./idempotency/keyed-request.ts";
export { createMetrics, type Metrics } from "./metrics/metrics.ts";
export { buildOpenApi, type OpenApiInfo } from "./openapi/build-openapi.ts";
export { readOpenApiFile } from "./openapi/openapi-file.ts";
export { jsonSchema } from "./openapi/schema-names.ts";
export { endToEnd, type PipeOptions, pipeReply, UpstreamError, type UpstreamFault } from "./upstream/pipe-reply.ts";
export { UpstreamToken } from "./upstream/upstream-token.ts";
export {
  damageReason,
  type NotReadyReason,
  readyzReply,
  STARTING,
  STOPPING,
  type StoredDamage,
} from "./daemon/readiness.ts";
export { type Daemon, serveDaemon, type ServeOptions } from "./daemon/serve.ts";

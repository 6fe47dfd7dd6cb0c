export { ApprovalId, CodexRunId, FileId, ForeignId, ID_PREFIXES, SessionId, Timestamp, TurnId } from "./ids.ts";
export type { IdKind } from "./ids.ts";
export { WS_CLOSE } from "./close-codes.ts";
export type { WsCloseCode } from "./close-codes.ts";
export { Problem, PROBLEMS } from "./problem.ts";
export type { Fault, ProblemCode, ProblemDef } from "./problem.ts";
export { defineRoutes, SCOPES } from "./route.ts";
export type { RouteDef, RouteMethod, Scope } from "./route.ts";
export * from "./codexd/sessions.ts";
export * from "./codexd/turns.ts";
export * from "./codexd/files.ts";
export * from "./codexd/runs.ts";
export {
  Account,
  AccountReply,
  Login,
  LoginAttempt,
  LoginReply,
  Model,
  ModelList,
  UsageReply,
} from "./codexd/account.ts";
export * from "./codexd/approvals.ts";
export * from "./codexd/events.ts";
export * from "./codexd/status.ts";
export { ResetChild, ResetChildReply } from "./codexd/child.ts";
export { CODEXD_PREFIX, CODEXD_ROUTES } from "./codexd/routes/index.ts";
export type { CodexdRouteName } from "./codexd/routes/index.ts";
export * from "./conductor/control.ts";
export * from "./conductor/events.ts";
export { CODEX_PREFIX, CODEX_ROUTES } from "./conductor/mirror.ts";
export type { CodexRoutes } from "./conductor/mirror.ts";
export * from "./conductor/hooks.ts";
export * from "./conductor/firefox.ts";
export { FIREFOX_ROUTES } from "./conductor/firefox-routes.ts";
export * from "./conductor/logs.ts";
export * from "./conductor/runtime.ts";
export { CONDUCTOR_OWN_ROUTES, CONDUCTOR_ROUTES } from "./conductor/routes.ts";
export type { ConductorRouteName } from "./conductor/routes.ts";
export * from "./status/freshness.ts";
export * from "./status/views.ts";
export { CodexdService, ConductorService, Status, STATUS_SOURCES } from "./status/status.ts";
export type { StatusSource } from "./status/status.ts";
export { STATUS_EVENT_ROUTES, STATUS_OWN_ROUTES, STATUS_ROUTES } from "./status/routes.ts";
export type { StatusRouteName } from "./status/routes.ts";

export { createClient, createConductorClient, createRouteClient, createStatusClient } from "./client.ts";
export type { ClientOptions, CodexdClient, ConductorClient, StatusClient } from "./client.ts";
export { codexOf } from "./codex-client.ts";
export type { CodexClient, CodexName } from "./codex-client.ts";
export { ProblemReply, TransportError, UnexpectedReplyError } from "./errors.ts";
export type { CallFacts, ReplyCode, TransportFault } from "./errors.ts";
export type {
  CallInput,
  CallOptions,
  CallReply,
  ClientMethod,
  RouteClient,
  RouteRow,
  RouteTable,
} from "./route-types.ts";
export type { TokenInput } from "./token.ts";
export { events } from "./events/events.ts";
export type { EventsOptions } from "./events/events.ts";
export { followEvents } from "./events/follow-events.ts";
export type { EventFilters, FollowOptions, FollowState, FollowSummary, FollowTimings } from "./events/follow-events.ts";
export { StreamClosedError } from "./events/verdict.ts";
export { type LinkOptions, ServiceLink } from "./link/service-link.ts";
export type { LinkState } from "./link/link-machine.ts";

import type { ClientRequest } from "../generated/ClientRequest.ts";
import type { InitializeResponse } from "../generated/InitializeResponse.ts";
import type { CancelLoginAccountResponse } from "../generated/v2/CancelLoginAccountResponse.ts";
import type { ConfigReadResponse } from "../generated/v2/ConfigReadResponse.ts";
import type { GetAccountRateLimitsResponse } from "../generated/v2/GetAccountRateLimitsResponse.ts";
import type { GetAccountResponse } from "../generated/v2/GetAccountResponse.ts";
import type { GetAccountTokenUsageResponse } from "../generated/v2/GetAccountTokenUsageResponse.ts";
import type { LoginAccountResponse } from "../generated/v2/LoginAccountResponse.ts";
import type { LogoutAccountResponse } from "../generated/v2/LogoutAccountResponse.ts";
import type { ModelListResponse } from "../generated/v2/ModelListResponse.ts";
import type { ServerDiagnosticsResponse } from "../generated/v2/ServerDiagnosticsResponse.ts";
import type { ThreadArchiveResponse } from "../generated/v2/ThreadArchiveResponse.ts";
import type { ThreadBackgroundTerminalsCleanResponse } from "../generated/v2/ThreadBackgroundTerminalsCleanResponse.ts";
import type { ThreadBackgroundTerminalsListResponse } from "../generated/v2/ThreadBackgroundTerminalsListResponse.ts";
import type { ThreadBackgroundTerminalsTerminateResponse } from "../generated/v2/ThreadBackgroundTerminalsTerminateResponse.ts";
import type { ThreadCompactStartResponse } from "../generated/v2/ThreadCompactStartResponse.ts";
import type { ThreadDeleteResponse } from "../generated/v2/ThreadDeleteResponse.ts";
import type { ThreadForkResponse } from "../generated/v2/ThreadForkResponse.ts";
import type { ThreadItemsListResponse } from "../generated/v2/ThreadItemsListResponse.ts";
import type { ThreadListResponse } from "../generated/v2/ThreadListResponse.ts";
import type { ThreadLoadedListResponse } from "../generated/v2/ThreadLoadedListResponse.ts";
import type { ThreadReadResponse } from "../generated/v2/ThreadReadResponse.ts";
import type { ThreadResumeResponse } from "../generated/v2/ThreadResumeResponse.ts";
import type { ThreadSearchResponse } from "../generated/v2/ThreadSearchResponse.ts";
import type { ThreadSetNameResponse } from "../generated/v2/ThreadSetNameResponse.ts";
import type { ThreadStartResponse } from "../generated/v2/ThreadStartResponse.ts";
import type { ThreadTurnsListResponse } from "../generated/v2/ThreadTurnsListResponse.ts";
import type { ThreadUnarchiveResponse } from "../generated/v2/ThreadUnarchiveResponse.ts";
import type { ThreadUnsubscribeResponse } from "../generated/v2/ThreadUnsubscribeResponse.ts";
import type { TurnInterruptResponse } from "../generated/v2/TurnInterruptResponse.ts";
import type { TurnStartResponse } from "../generated/v2/TurnStartResponse.ts";
import type { TurnSteerResponse } from "../generated/v2/TurnSteerResponse.ts";

/** The reply type of each request we send: `generate-ts` gives no such table, only the types. */
interface Results {
  "account/login/cancel": CancelLoginAccountResponse;
  "account/login/start": LoginAccountResponse;
  "account/logout": LogoutAccountResponse;
  "account/rateLimits/read": GetAccountRateLimitsResponse;
  "account/read": GetAccountResponse;
  "account/usage/read": GetAccountTokenUsageResponse;
  "config/read": ConfigReadResponse;
  initialize: InitializeResponse;
  "model/list": ModelListResponse;
  "server/diagnostics": ServerDiagnosticsResponse;
  "thread/archive": ThreadArchiveResponse;
  "thread/backgroundTerminals/clean": ThreadBackgroundTerminalsCleanResponse;
  "thread/backgroundTerminals/list": ThreadBackgroundTerminalsListResponse;
  "thread/backgroundTerminals/terminate": ThreadBackgroundTerminalsTerminateResponse;
  "thread/compact/start": ThreadCompactStartResponse;
  "thread/delete": ThreadDeleteResponse;
  "thread/fork": ThreadForkResponse;
  "thread/items/list": ThreadItemsListResponse;
  "thread/list": ThreadListResponse;
  "thread/loaded/list": ThreadLoadedListResponse;
  "thread/name/set": ThreadSetNameResponse;
  "thread/read": ThreadReadResponse;
  "thread/resume": ThreadResumeResponse;
  "thread/search": ThreadSearchResponse;
  "thread/start": ThreadStartResponse;
  "thread/turns/list": ThreadTurnsListResponse;
  "thread/unarchive": ThreadUnarchiveResponse;
  "thread/unsubscribe": ThreadUnsubscribeResponse;
  "turn/interrupt": TurnInterruptResponse;
  "turn/start": TurnStartResponse;
  "turn/steer": TurnSteerResponse;
}

/** Params of a method as Codex declares them; `undefined` where it wants none. */
type ParamsOf<M extends string> = Extract<ClientRequest, { method: M }> extends { params?: infer P } ? P : never;

/** Every request we send to the child: method -> its params and its result. */
export type ClientRequests = { [M in keyof Results]: { params: ParamsOf<M>; result: Results[M] } };

/** A method name of `ClientRequests`. */
export type ClientMethod = keyof ClientRequests;

/** By the type, no method of `Results` can be forgotten here. */
const METHODS: { readonly [M in ClientMethod]: true } = {
  "account/login/cancel": true,
  "account/login/start": true,
  "account/logout": true,
  "account/rateLimits/read": true,
  "account/read": true,
  "account/usage/read": true,
  "config/read": true,
  initialize: true,
  "model/list": true,
  "server/diagnostics": true,
  "thread/archive": true,
  "thread/backgroundTerminals/clean": true,
  "thread/backgroundTerminals/list": true,
  "thread/backgroundTerminals/terminate": true,
  "thread/compact/start": true,
  "thread/delete": true,
  "thread/fork": true,
  "thread/items/list": true,
  "thread/list": true,
  "thread/loaded/list": true,
  "thread/name/set": true,
  "thread/read": true,
  "thread/resume": true,
  "thread/search": true,
  "thread/start": true,
  "thread/turns/list": true,
  "thread/unarchive": true,
  "thread/unsubscribe": true,
  "turn/interrupt": true,
  "turn/start": true,
  "turn/steer": true,
};
/** Every method that we send: what a version of Codex must have. */
export const CLIENT_METHODS = Object.keys(METHODS) as readonly ClientMethod[];

/** Requests that change nothing: only these are sent again when the child says it is overloaded. */
export const READ_METHODS: ReadonlySet<string> = new Set<ClientMethod>([
  "account/rateLimits/read",
  "account/read",
  "account/usage/read",
  "config/read",
  "model/list",
  "thread/backgroundTerminals/list",
  "thread/items/list",
  "thread/list",
  "thread/loaded/list",
  "thread/read",
  "thread/turns/list",
]);

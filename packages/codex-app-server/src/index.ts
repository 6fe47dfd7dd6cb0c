export { LINE_BYTES_MAX, LineSplitter, LineTooLongError } from "./framing/line-splitter.ts";
export { type DecodedLine, decodeLine } from "./framing/decode-line.ts";
export { MESSAGE_DEPTH_MAX, MessageRefusedError, encodeMessage } from "./framing/encode-message.ts";
export {
  ChildUnavailableError,
  INTERNAL_ERROR,
  METHOD_NOT_FOUND,
  OVERLOADED,
  RequestTimeoutError,
  RpcError,
  WindowFullError,
} from "./rpc/errors.ts";
export type { Notification, RequestId, ServerCall } from "./rpc/message.ts";
export {
  type ConnectionHandlers,
  type ConnectionOptions,
  type ConnectionStats,
  RpcConnection,
  type Transport,
} from "./rpc/rpc-connection.ts";
export { describeEndpoint, type Endpoint, parseEndpoint } from "./external/endpoint.ts";
export { ExternalAppServer, type ExternalOptions, type LostConnection } from "./external/external-app-server.ts";
export type { AppServerLink, LinkHandlers } from "./link/app-server-link.ts";
export { AppServerSupervisor } from "./supervisor/app-server-supervisor.ts";
export { type ResolvedCommand, resolveCodexCommand } from "./supervisor/resolve-codex-command.ts";
export { readVersion } from "./supervisor/replies.ts";
export type { ExitReason } from "./supervisor/supervisor-machine.ts";
export {
  type ChildExit,
  DEFAULT_TIMINGS,
  type SupervisorHandlers,
  type SupervisorOptions,
  type SupervisorState,
  type SupervisorStats,
  type SupervisorTimings,
} from "./supervisor/types.ts";
export { type StubOptions, runStub } from "./stub/run-stub.ts";
export { CLIENT_METHODS, type ClientMethod, type ClientRequests, READ_METHODS } from "./protocol/client-requests.ts";
export { GENERATED_FROM_CODEX } from "./generated/codex-version.ts";
export type { ServerNotification } from "./generated/ServerNotification.ts";
export type { ServerRequest } from "./generated/ServerRequest.ts";
export type { AskForApproval } from "./generated/v2/AskForApproval.ts";
export type { CodexErrorInfo } from "./generated/v2/CodexErrorInfo.ts";
export type { CommandExecutionRequestApprovalParams } from "./generated/v2/CommandExecutionRequestApprovalParams.ts";
export type { CommandExecutionRequestApprovalResponse } from "./generated/v2/CommandExecutionRequestApprovalResponse.ts";
export type { FileChangeRequestApprovalParams } from "./generated/v2/FileChangeRequestApprovalParams.ts";
export type { FileChangeRequestApprovalResponse } from "./generated/v2/FileChangeRequestApprovalResponse.ts";
export type { McpServerElicitationRequestParams } from "./generated/v2/McpServerElicitationRequestParams.ts";
export type { McpServerElicitationRequestResponse } from "./generated/v2/McpServerElicitationRequestResponse.ts";
export type { PermissionsRequestApprovalParams } from "./generated/v2/PermissionsRequestApprovalParams.ts";
export type { PermissionsRequestApprovalResponse } from "./generated/v2/PermissionsRequestApprovalResponse.ts";
export type { SandboxMode } from "./generated/v2/SandboxMode.ts";
export type { SandboxPolicy } from "./generated/v2/SandboxPolicy.ts";
export type { Thread } from "./generated/v2/Thread.ts";
export type { ThreadItem } from "./generated/v2/ThreadItem.ts";
export type { ThreadResumeParams } from "./generated/v2/ThreadResumeParams.ts";
export type { ThreadSearchParams } from "./generated/v2/ThreadSearchParams.ts";
export type { ThreadSearchResponse } from "./generated/v2/ThreadSearchResponse.ts";
export type { ThreadStartParams } from "./generated/v2/ThreadStartParams.ts";
export type { ThreadStartResponse } from "./generated/v2/ThreadStartResponse.ts";
export type { ToolRequestUserInputParams } from "./generated/v2/ToolRequestUserInputParams.ts";
export type { ToolRequestUserInputResponse } from "./generated/v2/ToolRequestUserInputResponse.ts";
export type { Turn } from "./generated/v2/Turn.ts";
export type { TurnStartParams } from "./generated/v2/TurnStartParams.ts";
export type { UserInput } from "./generated/v2/UserInput.ts";
export { type FormerChild, reapFormerChild } from "./reaping/reap-former.ts";
export { type ChildRecord, type ReadRecord, readRecord } from "./reaping/child-record.ts";

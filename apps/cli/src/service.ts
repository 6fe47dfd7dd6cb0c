import type { CodexClient, CodexdClient, ConductorClient, FollowOptions, FollowSummary } from "@baa/client";
import type { FeedEvent } from "@baa/contracts";
import type { ServiceKind, TokenPlace } from "./discovery/places.ts";

/** What a follower takes; where and with which token is the service's business. */
export type StreamOptions = Omit<FollowOptions, "baseUrl" | "path" | "token">;

/** The service that was found. Every verb about Codex works on either kind, through `codex` and `follow`. */
export interface Service {
  readonly kind: ServiceKind;
  readonly baseUrl: string;
  readonly token: TokenPlace;
  /** As the service says it. */
  readonly version: string | undefined;
  /** Sessions, turns, approvals, account: the same calls for both kinds. */
  readonly codex: CodexClient;
  /** The whole of conductor; undefined when this is codexd. */
  readonly conductor: ConductorClient | undefined;
  /** The whole of codexd; undefined when this is conductor. */
  readonly codexd: CodexdClient | undefined;
  /** Follows codexd's events until the signal aborts, over as many connections as it takes. */
  follow(options: StreamOptions): Promise<FollowSummary>;
  /** The same as `for await`. */
  events(options: Omit<StreamOptions, "onEvent">): AsyncGenerator<FeedEvent, void, void>;
  /** Follows conductor's own feed. Throws CliError `usage` when this is codexd. */
  followConductor(options: StreamOptions): Promise<FollowSummary>;
  /** Follows what the Firefox bridge appends to that feed. Throws CliError `usage` when this is codexd. */
  followFirefox(options: StreamOptions): Promise<FollowSummary>;
  close(): Promise<void>;
}

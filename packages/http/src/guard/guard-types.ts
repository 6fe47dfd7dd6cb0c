import type { ProblemCode, RouteDef } from "@baa/contracts";
import type { Credential, CredentialSource } from "../credentials/credential.ts";
import type { ListenAddress } from "../server/listen.ts";
import type { Surface } from "./surfaces.ts";

/** All the guard looks at. `rawHeaders` is Node's flat list of names and values, duplicates kept. */
export interface GuardRequest {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
  readonly remoteAddress: string | undefined;
}

export interface GuardPass {
  readonly ok: true;
  /** Name of the row whose method and path match exactly; undefined = unknown path or method. */
  readonly route: string | undefined;
  readonly credential: Credential | undefined;
}
export interface GuardRefusal {
  readonly ok: false;
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly retryAfterS?: number;
}
export type GuardDecision = GuardPass | GuardRefusal;

export interface GuardReject {
  readonly code: ProblemCode;
  readonly method: string;
  readonly remoteAddress: string | undefined;
  /** Set when the guard itself failed (a bug of ours, answered with 400). */
  readonly error?: unknown;
  /** True for the attempt that made this address limited: worth one line in the log. */
  readonly limitReached?: boolean;
}

export interface Guard {
  check(request: GuardRequest): GuardDecision;
}

/** The columns of a route row that the guard reads. */
export type GuardRoute = Pick<RouteDef, "method" | "path" | "scope">;

/** Entries as in `allowedHosts`. A name that stands in both lists is public. */
export interface PublicHosts {
  readonly hosts: readonly string[];
  readonly credentials: readonly CredentialSource[];
}

export interface GuardOptions {
  /** The addresses that are served now; asked at every request, because port 0 is known late. Another array when they change. */
  readonly listeners: () => readonly ListenAddress[];
  /**
   * More Host values, compared byte for byte. Without a port: with the port of each listener; a public
   * name (one with a dot that is no address) also bare, as it arrives through a proxy.
   */
  readonly allowedHosts?: readonly string[];
  readonly credentials: readonly CredentialSource[];
  /** Names under which the world arrives, with credentials of their own: those above do not count there. */
  readonly publicHosts?: PublicHosts;
  readonly surfaces: readonly Surface[];
  /**
   * Whether surfaces for extensions are open to this Origin, which has the form `moz-extension://<uuid>`; asked at every
   * request. Default: to none.
   */
  readonly admits?: (origin: string) => boolean;
  readonly routes: Readonly<Record<string, GuardRoute>>;
  readonly clock: { monoMs(): number };
  readonly onReject?: (reject: GuardReject) => void;
}

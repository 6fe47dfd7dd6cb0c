import type { LinkHandlers } from "../link/app-server-link.ts";
import type { ExitReason } from "./supervisor-machine.ts";

/** What a supervisor tells about itself. */
export interface SupervisorState {
  kind: "stopped" | "starting" | "handshaking" | "ready" | "backoff" | "degraded" | "stopping";
  /** Grows by one with every spawn, also over restarts of the daemon (kept in the record file). */
  generation: number;
  pid?: number;
  /** Version of Codex, from the `userAgent` of its `initialize` reply. */
  version?: string;
  /** Why it is in backoff or degraded. */
  reason?: string;
  /** When the next attempt is due: wall clock, ms since 1970, for people and `Retry-After`. */
  retryAtMs?: number;
  /** Set while a restart waits for the child to become idle: refuse new turns, or wait. */
  recycling?: string;
}

/** How a child ended. Every spawned child is reported exactly once. */
export interface ChildExit {
  generation: number;
  pid: number;
  code: number | null;
  signal: string | null;
  reason: ExitReason;
  /** The last lines of its stderr, at most 8 KiB. */
  stderrTail: string;
}

/** All durations in ms. */
export interface SupervisorTimings {
  readyMs: number;
  requestMs: number;
  backoffInitialMs: number;
  backoffMaxMs: number;
  degradedRetryMs: number;
  deathsMax: number;
  deathsWindowMs: number;
  probeIntervalMs: number;
  probeTimeoutMs: number;
  probeMisses: number;
  stopStdinMs: number;
  stopTermMs: number;
  /** How long a restart that is not urgent waits for `isIdle`. */
  recycleWaitMs: number;
}

export const DEFAULT_TIMINGS: SupervisorTimings = {
  readyMs: 15_000,
  requestMs: 30_000,
  backoffInitialMs: 500,
  backoffMaxMs: 30_000,
  degradedRetryMs: 30_000,
  deathsMax: 5,
  deathsWindowMs: 60_000,
  probeIntervalMs: 15_000,
  probeTimeoutMs: 5_000,
  probeMisses: 3,
  stopStdinMs: 2_000,
  stopTermMs: 3_000,
  recycleWaitMs: 600_000,
};

/** What only a supervisor tells, beside what every link does. */
export interface SupervisorHandlers extends LinkHandlers {
  onExit(exit: ChildExit): void;
  onStderr(line: string, generation: number): void;
  /** What reaping at start and after deaths found and did. */
  onReaped?(report: { killed: readonly { pid: number; role: "child" | "descendant" }[]; reason: string }): void;
}

export interface SupervisorOptions {
  command: string;
  args: readonly string[];
  cwd: string;
  /** The child's whole environment; only the marker's value is replaced per spawn. */
  env: Record<string, string>;
  clientInfo: { name: string; title: string; version: string };
  /** Where pid, start time and marker of the child are kept. Its directory must exist. */
  recordFile: string;
  /** An environment variable that every descendant inherits; each spawn gets `<value>-<generation>`. */
  marker: { name: string; value: string };
  timings?: Partial<SupervisorTimings>;
  memoryLimitBytes?: number;
  isIdle?: () => boolean;
  /** Done before every spawn, while no child of ours lives. When it rejects, the attempt has failed. */
  beforeSpawn?: () => Promise<void>;
  /** Why a child of this version must not be used, asked before anything but `initialize` is: degraded with these words. */
  refuseVersion?: (version: string) => string | undefined;
  handlers: SupervisorHandlers;
  random?: () => number;
}

/** Counters over all generations since the supervisor was made. */
export interface SupervisorStats {
  spawns: number;
  restarts: number;
  deaths: number;
  probeMisses: number;
  residentMemoryBytes: number | undefined;
  received: number;
  notifications: number;
  unparsable: number;
  invalidUtf8: number;
  lateReplies: number;
  unknownReplies: number;
  unknownRequests: number;
  timeouts: number;
  overloads: number;
  inFlight: number;
  queued: number;
}

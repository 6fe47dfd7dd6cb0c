import { CODEX_PREFIX, type Capabilities, type CodexLink, type Runtime } from "@baa/contracts";
import type { CodexdLink } from "./codex-link/link.ts";
import { type Config, VERSION } from "./config.ts";
import type { Core } from "./core.ts";
import type { Readiness } from "./readiness.ts";

export interface RuntimeSources {
  readonly config: Config;
  readonly readiness: Readiness;
  readonly link: CodexdLink;
  readonly startedAt: string;
  /** Addresses that are served now, of those that are configured. */
  readonly listeners: () => NonNullable<Runtime["listeners"]>;
}

/** `/v1/runtime`; without a credential only what anybody may know. */
export const runtimeDocument = (o: RuntimeSources, full: boolean): Runtime => {
  const { readiness, config } = o;
  const { core } = readiness;
  const open: Runtime = {
    name: "conductor",
    ready: readiness.reasons().length === 0,
    role: readiness.role,
    mode: core?.control.mode() ?? "unknown",
  };
  if (!full) return open;
  return {
    ...open,
    node: config.node,
    version: VERSION,
    pid: process.pid,
    startedAt: o.startedAt,
    ...(core ? { fence: core.store.fence } : {}),
    listeners: o.listeners(),
    codexd: linkView(o),
    ...(core ? { counts: countsOf(core) } : {}),
    reasons: readiness.reasons(),
  };
};

const countsOf = ({ openWork, firefox }: Core): NonNullable<Runtime["counts"]> => ({
  openTurns: openWork.turnCount,
  pendingApprovals: openWork.approvalCount,
  firefoxConnected: firefox.desk.size,
  firefoxOpenCommands: firefox.openCommands,
});

const linkView = ({ link, readiness }: RuntimeSources): CodexLink => {
  const { state } = link;
  const cursor = readiness.core?.follower.cursor;
  return {
    state: state.kind,
    ...(state.kind === "unknown" ? {} : { since: state.since }),
    ...(state.kind === "down" ? { reason: state.reason } : {}),
    ...(cursor === undefined ? {} : { cursor }),
  };
};

/** `/v1/capabilities`: what is served here, and whether it would be done now. */
export const capabilitiesDocument = (o: RuntimeSources, asOf: string): Capabilities => {
  const { state } = o.link;
  const why = o.readiness.reasons()[0]?.message;
  const isReady = why === undefined;
  const own = (name: string, path: string) => ({ name, path, available: isReady, ...(isReady ? {} : { reason: why }) });
  const codexReason = why ?? (state.kind === "down" ? `codexd is down: ${state.reason}` : undefined);
  return {
    asOf,
    capabilities: [
      {
        name: "codex",
        path: CODEX_PREFIX,
        available: isReady && state.kind === "up",
        ...(codexReason === undefined ? {} : { reason: codexReason }),
        ...(state.kind === "unknown" ? {} : { since: state.since }),
      },
      own("control", "/v1/control"),
      own("events", "/v1/events"),
      firefoxCapability(o.readiness, why),
      own("hooks", "/v1/hooks"),
      own("logs", "/v1/logs"),
    ],
  };
};

/** Commands are taken for a browser that is away, too; whether one would be done now is what this tells. */
const firefoxCapability = ({ core }: Readiness, why: string | undefined): Capabilities["capabilities"][number] => {
  const reason = why ?? ((core?.firefox.desk.size ?? 0) > 0 ? undefined : "no browser is connected");
  const available = reason === undefined;
  return { name: "firefox", path: "/v1/firefox", available, ...(available ? {} : { reason }) };
};

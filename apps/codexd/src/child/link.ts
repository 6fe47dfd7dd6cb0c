import path from "node:path";
import { type AppServerLink, AppServerSupervisor, ExternalAppServer } from "@baa/codex-app-server";
import { createId, type Logger } from "@baa/process";
import { readPrivateFile } from "@baa/storage";
import type { Config } from "../config.ts";
import { rotateCodexLogs } from "../housekeeping/codex-logs.ts";
import type { CodexVersions } from "../runtime/codex-versions.ts";
import type { ChildHandlers } from "./codex-child.ts";

export interface LinkOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly versions: CodexVersions;
  /** Whether the child may be replaced without cutting a turn. */
  readonly isIdle: () => boolean;
}

/** Where the supervisor keeps which child is ours, and which generation it is. */
export const recordFileOf = (config: Config): string => path.join(config.stateDir, "daemon-state.json");

/** The way to Codex that the operator chose: a supervised child, or an app-server that runs already. */
export const createLink = (o: LinkOptions, handlers: ChildHandlers): AppServerLink => {
  const { config } = o;
  const shared = {
    clientInfo: { name: "codexd", title: "baa-conductor codexd", version: config.version },
    recordFile: recordFileOf(config),
    timings: { probeIntervalMs: config.probeIntervalMs },
    handlers,
  };
  if (config.external) {
    const { endpoint, tokenFile } = config.external;
    const token = tokenFile === undefined ? {} : { token: () => readPrivateFile(tokenFile).toString().trim() };
    return new ExternalAppServer({ ...shared, endpoint, ...token });
  }
  return new AppServerSupervisor({
    ...shared,
    command: config.command,
    args: config.args,
    cwd: config.childCwd,
    env: config.childEnv,
    marker: { name: "CODEXD_INSTANCE", value: createId("ins_") },
    memoryLimitBytes: config.childMemoryMaxBytes,
    isIdle: o.isIdle,
    beforeSpawn: () => setLogsAside(o),
    refuseVersion: (version) => o.versions.refusal(version),
  });
};

/** Never keeps the child from starting: a log that is too large is a nuisance, no child is an outage. */
const setLogsAside = async ({ config, logger }: LinkOptions): Promise<void> => {
  try {
    const outcome = await rotateCodexLogs({ codexHome: config.codexHome, maxBytes: config.codexLogsMaxBytes });
    if (outcome.kind === "small") return;
    const level = outcome.kind === "held" ? "warn" : "info";
    logger[level]({ event: "codex.logs.rotated", ...outcome }, "Codex's own log is over its limit");
  } catch (error) {
    logger.warn({ event: "codex.logs.failed", err: error }, "Codex's own log could not be set aside");
  }
};

import { ConfigError, EXIT } from "@baa/process";
import type { CliContext, Command } from "./cli-context.ts";
import type { CommandName } from "./command-table.ts";

/** Each command is loaded when it is asked for: `start` pays for none of the others. */
const LOADERS: Readonly<Record<CommandName, () => Promise<Command>>> = {
  start: async () => (await import("./start.ts")).start,
  status: async () => (await import("./status.ts")).status,
  config: async () => (await import("./show-config.ts")).showConfig,
  smoke: async () => (await import("./smoke.ts")).smoke,
  doctor: async () => (await import("./doctor.ts")).doctor,
  "log verify": async () => (await import("./log-verify.ts")).logVerify,
  "log tail": async () => (await import("./log-tail.ts")).logTail,
  "log salvage": async () => (await import("./log-salvage.ts")).logSalvage,
  "log reset": async () => (await import("./log-reset.ts")).logReset,
  "child reset": async () => (await import("./child-reset.ts")).childReset,
};

/** Runs a command and turns what it throws into words and an exit code. Resolves with nothing when the process goes on. */
export const runCommand = async (name: string, cli: CliContext): Promise<number | undefined> => {
  try {
    const command = await LOADERS[name as CommandName]();
    return await command(cli);
  } catch (error) {
    printFailure(cli, `codexd ${name}`, error);
    return exitCodeOf(error);
  }
};

/** Why it failed, on stderr: a sentence for people, or `{error: {code?, message}}` for a program. */
export const printFailure = (cli: CliContext, what: string, error: unknown): void => {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (cli.json) cli.printError(JSON.stringify({ error: { ...(code === undefined ? {} : { code }), message } }));
  else cli.printError(`${what}: ${message}`);
};

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
};

/** By code and not by class, so that nothing of a command is loaded for it. */
const BY_CODE: Readonly<Record<string, number>> = {
  lock_held: EXIT.busy,
  permission_fault: EXIT.config,
  daemon_down: EXIT.unavailable,
  EACCES: EXIT.ioError,
  EROFS: EXIT.ioError,
  EIO: EXIT.ioError,
  ENOSPC: EXIT.ioError,
};

const exitCodeOf = (error: unknown): number => {
  if (error instanceof ConfigError) return EXIT.config;
  return BY_CODE[codeOf(error) ?? ""] ?? EXIT.failed;
};

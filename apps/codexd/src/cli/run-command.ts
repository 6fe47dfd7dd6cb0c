import { ConfigError, EXIT } from "@baa/process";
import { childReset } from "./child-reset.ts";
import type { CliContext, Command } from "./cli-context.ts";
import type { CommandName } from "./command-table.ts";
import { doctor } from "./doctor.ts";
import { codeOf, printFailure } from "./print-failure.ts";
import { logReset } from "./log-reset.ts";
import { logSalvage } from "./log-salvage.ts";
import { logTail } from "./log-tail.ts";
import { logVerify } from "./log-verify.ts";
import { showConfig } from "./show-config.ts";
import { smoke } from "./smoke.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";

/**
 * Loaded together: an `import()` here has the bundler keep every module apart that a command shares with `start`, which
 * costs the daemon a mebibyte.
 */
const COMMANDS: Readonly<Record<CommandName, Command>> = {
  start,
  status,
  config: showConfig,
  smoke,
  doctor,
  "log verify": logVerify,
  "log tail": logTail,
  "log salvage": logSalvage,
  "log reset": logReset,
  "child reset": childReset,
};

/** Runs a command and turns what it throws into words and an exit code. Resolves with nothing when the process goes on. */
export const runCommand = async (name: string, cli: CliContext): Promise<number | undefined> => {
  try {
    return await COMMANDS[name as CommandName](cli);
  } catch (error) {
    printFailure(cli, `codexd ${name}`, error);
    return exitCodeOf(error);
  }
};

/** By code: errors of the system have no class. */
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

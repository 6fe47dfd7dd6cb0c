import {
  ConfigError,
  createLogger,
  EXIT,
  installCrashHandlers,
  installSignals,
  type Logger,
  secretValues,
} from "@baa/process";
import { LockHeldError, PermissionFault } from "@baa/storage";
import { ListenAddressError, PortBusyError, TokenFileError } from "@baa/http";
import path from "node:path";
import { Codexd } from "../app.ts";
import { type Config, isSupervised, readConfig } from "../config.ts";
import { TOKEN_FILE } from "../runtime/secrets.ts";
import type { CliContext } from "./cli-context.ts";
import { printFailure } from "./run-command.ts";

/** A failed start under a service manager waits this long, so that it does not spin. */
const SUPERVISED_PAUSE_MS = 10_000;

/** `codexd start`: serves until a signal. Exit codes: 0 stopped, 74 storage failed, 75 lock or port busy, 78 configuration. */
export const start = async (cli: CliContext): Promise<undefined> => {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    await refuse(cli, error);
    return;
  }
  const secrets = secretValues([path.join(config.stateDir, TOKEN_FILE), config.sharedTokenFile], () =>
    performance.now(),
  );
  const logger = createLogger({ name: "codexd", level: config.logLevel, secrets });
  const daemon = new Codexd({ config, logger, onFatal: (error) => fatal(cli, logger, error) });
  installSignals({ onStop: (signal) => daemon.stop(signal), onHangup: () => logger.reopen(), exit: cli.exit, logger });
  installCrashHandlers({ logger, exit: cli.exit, onCrash: () => daemon.stop("crash") });
  try {
    await daemon.start();
  } catch (error) {
    await refuse(cli, error);
  }
};

const fatal = (cli: CliContext, logger: Logger, error: Error): void => {
  logger.fatal(
    { event: "storage.failed", err: error },
    "storage failed; starting again from disk is the only safe way on",
  );
  cli.exit(EXIT.ioError);
};

/** Says why it did not start, with the next step in it, and leaves with the code that says whose turn it is. */
const refuse = async (cli: CliContext, error: unknown): Promise<void> => {
  printFailure(cli, "codexd did not start", error);
  if (isSupervised()) await new Promise((resolve) => setTimeout(resolve, SUPERVISED_PAUSE_MS));
  cli.exit(exitCodeOf(error));
};

const exitCodeOf = (error: unknown): number => {
  if (error instanceof ConfigError || error instanceof PermissionFault) return EXIT.config;
  if (error instanceof TokenFileError || error instanceof ListenAddressError) return EXIT.config;
  if (error instanceof LockHeldError || error instanceof PortBusyError) return EXIT.busy;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === "EACCES" || code === "EROFS" || code === "EIO" || code === "ENOSPC" ? EXIT.ioError : EXIT.failed;
};

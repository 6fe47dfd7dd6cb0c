import { AllowedHostError, ListenAddressError, PortBusyError, TokenFileError } from "@baa/http";
import { ConfigError, createLogger, EXIT, installCrashHandlers, installSignals, secretValues } from "@baa/process";
import { LockHeldError, PermissionFault } from "@baa/storage";
import { Conductor } from "../app.ts";
import { type Config, isSupervised, type Options, readConfig } from "../config.ts";
import { StaleFenceError } from "../store/store.ts";

/** A failed start under a service manager waits this long, so that it does not spin. */
const SUPERVISED_PAUSE_MS = 10_000;

/** What index.ts gives to the commands: the one way out. */
export interface CliContext {
  readonly exit: (code: number) => void;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Serves until a signal. Exit codes: see HELP. */
export const serve = async (cli: CliContext, options: Options): Promise<void> => {
  let config: Config;
  try {
    config = readConfig(options);
  } catch (error) {
    return refuse(cli, error);
  }
  const secrets = secretValues([config.sharedTokenFile, config.codexd.tokenFile], () => performance.now());
  const logger = createLogger({ name: "conductor", level: config.logLevel, secrets });
  const onFatal = (error: Error): void => {
    logger.fatal({ event: "storage.failed", err: error }, "the store cannot be used any more; leaving");
    cli.exit(error instanceof StaleFenceError ? EXIT.busy : EXIT.ioError);
  };
  const daemon = new Conductor({ config, logger, onFatal });
  installSignals({ onStop: (signal) => daemon.stop(signal), onHangup: () => logger.reopen(), exit: cli.exit, logger });
  installCrashHandlers({ logger, exit: cli.exit, onCrash: () => daemon.stop("crash") });
  try {
    await daemon.start();
  } catch (error) {
    await refuse(cli, error);
  }
};

/** Says why it did not start, with the next step in it, and leaves with the code that says whose turn it is. */
const refuse = async (cli: CliContext, error: unknown): Promise<void> => {
  cli.printError(`conductor did not start: ${error instanceof Error ? error.message : String(error)}`);
  if (isSupervised()) await new Promise((resolve) => setTimeout(resolve, SUPERVISED_PAUSE_MS));
  cli.exit(exitCodeOf(error));
};

const CONFIGURATION = [ConfigError, PermissionFault, TokenFileError, ListenAddressError, AllowedHostError];
const IO_CODES = ["EACCES", "EROFS", "EIO", "ENOSPC"];

const exitCodeOf = (error: unknown): number => {
  if (CONFIGURATION.some((kind) => error instanceof kind)) return EXIT.config;
  if (error instanceof LockHeldError || error instanceof PortBusyError) return EXIT.busy;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && IO_CODES.includes(code) ? EXIT.ioError : EXIT.failed;
};

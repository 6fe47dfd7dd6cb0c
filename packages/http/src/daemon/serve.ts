import {
  ConfigError,
  createLogger,
  EXIT,
  installCrashHandlers,
  installSignals,
  type Logger,
  secretValues,
  StdioKeeper,
  type StdioLogs,
} from "@baa/process";
import { LockHeldError, PermissionFault } from "@baa/storage";
import { TokenFileError } from "../credentials/token-file.ts";
import { AllowedHostError } from "../guard/host-check.ts";
import { ListenAddressError, PortBusyError } from "../server/listen.ts";

/** A failed start under a service manager waits this long, so that it does not spin. */
const SUPERVISED_PAUSE_MS = 10_000;

export interface Daemon {
  start(): Promise<void>;
  stop(reason: string): Promise<void>;
}

export interface ServeOptions<C extends { readonly logLevel: string }> {
  /** As it stands in logs and in what people read. */
  readonly name: string;
  /** @throws ConfigError */
  readonly readConfig: () => C;
  /** Files whose values are replaced in everything that is logged. */
  readonly secretFiles: (config: C) => readonly string[];
  /** `fatal`: the daemon cannot go on; only a new start can mend that. Its code is that of a failed disk when left out. */
  readonly create: (parts: { config: C; logger: Logger; fatal: (error: Error, code?: number) => void }) => Daemon;
  /** Whether a service manager will start it again. */
  readonly isSupervised: boolean;
  /** Files that a service manager appends our output to; they are kept bounded. */
  readonly stdioLogs: StdioLogs | undefined;
  /** Usually `process.exit`; an input, because only `index.ts` may exit. */
  readonly exit: (code: number) => void;
  /** Why it did not start, for people. */
  readonly printFailure: (what: string, error: unknown) => void;
}

/**
 * Runs a daemon until a signal. Exit codes: 0 stopped, 1 failed, 74 storage failed, 75 lock or port busy,
 * 78 configuration.
 */
export async function serveDaemon<C extends { readonly logLevel: string }>(o: ServeOptions<C>): Promise<void> {
  const keeper = o.stdioLogs && new StdioKeeper(o.stdioLogs);
  keeper?.look(); // first of all: also what never gets further than this prints something each time
  try {
    await start(o, o.readConfig(), keeper);
  } catch (error) {
    o.printFailure(`${o.name} did not start`, error);
    if (o.isSupervised) await new Promise((resolve) => setTimeout(resolve, SUPERVISED_PAUSE_MS));
    o.exit(exitCodeOf(error));
  }
}

async function start<C extends { readonly logLevel: string }>(
  o: ServeOptions<C>,
  config: C,
  keeper: StdioKeeper | undefined,
): Promise<void> {
  const { exit } = o;
  const secrets = secretValues(o.secretFiles(config), () => performance.now());
  const logger = createLogger({
    name: o.name,
    level: config.logLevel,
    secrets,
    onPrinted: (bytes) => keeper?.printed(bytes),
  });
  const fatal = (error: Error, code: number = EXIT.ioError): void => {
    logger.fatal(
      { event: "daemon.fatal", err: error },
      "this cannot be mended while it runs; starting again from disk is the only safe way on",
    );
    exit(code);
  };
  const daemon = o.create({ config, logger, fatal });
  installSignals({ onStop: (signal) => daemon.stop(signal), onHangup: () => logger.reopen(), exit, logger });
  installCrashHandlers({ logger, exit, onCrash: () => daemon.stop("crash") });
  await daemon.start();
}

const CONFIGURATION = [ConfigError, PermissionFault, TokenFileError, ListenAddressError, AllowedHostError];
const IO_CODES = ["EACCES", "EROFS", "EIO", "ENOSPC"];

function exitCodeOf(error: unknown): number {
  if (CONFIGURATION.some((kind) => error instanceof kind)) return EXIT.config;
  if (error instanceof LockHeldError || error instanceof PortBusyError) return EXIT.busy;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code !== undefined && IO_CODES.includes(code) ? EXIT.ioError : EXIT.failed;
}

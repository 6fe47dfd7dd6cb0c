import { serveDaemon } from "@baa/http";
import { EXIT } from "@baa/process";
import { Conductor } from "../app.ts";
import { isSupervised, type Options, readConfig, stdioLogs } from "../config.ts";
import { StaleFenceError } from "../store/store.ts";

/** What index.ts gives to the commands: the one way out. */
export interface CliContext {
  readonly exit: (code: number) => void;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Serves until a signal. Exit codes: see HELP. */
export const serve = (cli: CliContext, options: Options): Promise<void> =>
  serveDaemon({
    name: "conductor",
    readConfig: () => readConfig(options),
    secretFiles: ({ sharedTokenFile, statusTokenFile, codexd, hooks }) => [
      sharedTokenFile,
      statusTokenFile,
      codexd.tokenFile,
      hooks.file,
    ],
    create: ({ config, logger, fatal }) => {
      const onFatal = (error: Error): void => fatal(error, error instanceof StaleFenceError ? EXIT.busy : EXIT.ioError);
      return new Conductor({ config, logger, onFatal });
    },
    isSupervised: isSupervised(),
    stdioLogs: stdioLogs(),
    exit: cli.exit,
    printFailure: (what, error) => cli.printError(`${what}: ${error instanceof Error ? error.message : String(error)}`),
  });

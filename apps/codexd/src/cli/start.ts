import { serveDaemon } from "@baa/http";
import { Codexd } from "../app.ts";
import { isSupervised, readConfig, stdioLogs } from "../config.ts";
import { liveTokenFiles } from "../runtime/secrets.ts";
import type { CliContext } from "./cli-context.ts";
import { printFailure } from "./print-failure.ts";

/** `codexd start`: serves until a signal. Exit codes: 0 stopped, 74 storage failed, 75 lock or port busy, 78 configuration. */
export const start = async (cli: CliContext): Promise<undefined> => {
  await serveDaemon({
    name: "codexd",
    readConfig,
    secretFiles: liveTokenFiles,
    create: ({ config, logger, fatal }) => new Codexd({ config, logger, onFatal: (error) => fatal(error) }),
    isSupervised: isSupervised(),
    stdioLogs: stdioLogs(),
    exit: cli.exit,
    printFailure: (what, error) => printFailure(cli, what, error),
  });
};

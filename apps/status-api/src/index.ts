#!/usr/bin/env node
import { serveDaemon } from "@baa/http";
import { EXIT } from "@baa/process";
import { StatusApi } from "./app.ts";
import { HELP, parseCommand } from "./cli/options.ts";
import { isSupervised, readConfig, VERSION, stdioLogs } from "./config.ts";

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const printError = (text: string): void => void process.stderr.write(`${text}\n`);

const command = parseCommand(process.argv.slice(2));
switch (command.kind) {
  case "help":
    print(HELP);
    break;
  case "version":
    print(VERSION);
    break;
  case "wrong":
    printError(`${command.fault}\n\n${HELP}`);
    process.exit(EXIT.usage);
    break;
  case "serve":
    await serveDaemon({
      name: "status-api",
      readConfig,
      secretFiles: ({ sharedTokenFile, conductorTokenFile }) => [sharedTokenFile, conductorTokenFile],
      create: ({ config, logger }) => new StatusApi({ config, logger }),
      isSupervised: isSupervised(),
      stdioLogs: stdioLogs(),
      exit: (code) => process.exit(code),
      printFailure: (what, error) => printError(`${what}: ${error instanceof Error ? error.message : String(error)}`),
    });
}

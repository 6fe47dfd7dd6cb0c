#!/usr/bin/env node
import { EXIT } from "@baa/process";
import { HELP, parseCommand } from "./cli/options.ts";
import { type CliContext, serve } from "./cli/serve.ts";
import { VERSION } from "./config.ts";

const cli: CliContext = {
  exit: (code) => process.exit(code),
  print: (text) => void process.stdout.write(`${text}\n`),
  printError: (text) => void process.stderr.write(`${text}\n`),
};

const command = parseCommand(process.argv.slice(2));
switch (command.kind) {
  case "help":
    cli.print(HELP);
    break;
  case "version":
    cli.print(VERSION);
    break;
  case "wrong":
    cli.printError(`${command.fault}\n\n${HELP}`);
    cli.exit(EXIT.usage);
    break;
  case "serve":
    await serve(cli, command.options);
}

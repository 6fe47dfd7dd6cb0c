#!/usr/bin/env node
import { EXIT } from "@baa/process";
import { HELP } from "./cli/help.ts";
import { log } from "./cli/log.ts";
import { smoke } from "./cli/smoke.ts";
import { type CliContext, start } from "./cli/start.ts";
import { readConfig } from "./config.ts";

const cli: CliContext = {
  exit: (code) => process.exit(code),
  print: (text) => void process.stdout.write(`${text}\n`),
  printError: (text) => void process.stderr.write(`${text}\n`),
};

type Command = (context: CliContext, args: readonly string[]) => Promise<void>;

const COMMANDS: Readonly<Record<string, Command>> = {
  start,
  smoke,
  log,
  "--help": async ({ print }) => print(HELP),
  "-h": async ({ print }) => print(HELP),
  "--version": async ({ print }) => print(readConfig().version),
};

const [name = "--help", ...rest] = process.argv.slice(2);
const command = COMMANDS[name];
const takesArguments = name === "log";
if (command === undefined || (rest.length > 0 && !takesArguments)) {
  cli.printError(command ? `codexd ${name} takes no arguments` : `unknown command: ${name}`);
  cli.printError(HELP);
  cli.exit(EXIT.usage);
} else {
  await command(cli, rest);
}

#!/usr/bin/env node
import { EXIT } from "@baa/process";
import type { CliContext } from "./cli/cli-context.ts";
import { helpText } from "./cli/help.ts";
import { parseCommand } from "./cli/parse-command.ts";
import { runCommand } from "./cli/run-command.ts";
import { codexdVersion } from "./config.ts";

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const printError = (text: string): void => void process.stderr.write(`${text}\n`);
const exit = (code: number): void => process.exit(code);

/** Leaves when stdout has taken everything: a pipe may be slow. */
const leave = (code: number): void => void process.stdout.write("", () => exit(code));

const asked = parseCommand(process.argv.slice(2));
switch (asked.kind) {
  case "run": {
    // `| head` has seen enough; for the daemon it is the crash handler's business.
    if (asked.command.name !== "start")
      process.stdout.on("error", (error: NodeJS.ErrnoException) =>
        exit(error.code === "EPIPE" ? EXIT.ok : EXIT.failed),
      );
    const cli: CliContext = { options: asked.options, json: asked.options["json"] === true, print, printError, exit };
    const code = await runCommand(asked.command.name, cli);
    if (code !== undefined) leave(code);
    break;
  }
  case "help": {
    print(asked.json ? JSON.stringify({ help: helpText(asked.topic) }) : helpText(asked.topic));
    leave(EXIT.ok);
    break;
  }
  case "version": {
    print(asked.json ? JSON.stringify({ version: codexdVersion() }) : codexdVersion());
    leave(EXIT.ok);
    break;
  }
  case "wrong": {
    if (asked.json) printError(JSON.stringify({ error: { code: "usage", message: asked.message } }));
    else printError(`${asked.message}\n\n${helpText(asked.topic)}`);
    leave(EXIT.usage);
    break;
  }
}

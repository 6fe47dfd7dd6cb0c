#!/usr/bin/env node
import { main } from "./cli.ts";
import { VERBS } from "./commands/index.ts";
import { mayColour } from "./config.ts";
import { EXITS } from "./exit-codes.ts";

const leave = (code: number): never => process.exit(code);

// `| head` has seen enough: that is no failure, and there is nobody to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) =>
    leave(error.code === "EPIPE" ? EXITS.ok.code : EXITS.ioError.code),
  );
}

const code = await main(process.argv.slice(2), VERBS, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  mayColour: mayColour(),
  leave,
  onSignals: (interrupts) => {
    process.on("SIGINT", () => interrupts.fire());
    process.on("SIGTERM", () => interrupts.stop());
    process.on("SIGHUP", () => interrupts.stop());
  },
});
// A pipe may be slow: leave when it has taken everything.
process.stdout.write("", () => leave(code));

import fs from "node:fs";
import path from "node:path";
import { EXIT } from "@baa/process";
import { acquireLock, ensurePrivateDir, verifyLog } from "@baa/storage";
import { type Config, readConfig } from "../config.ts";
import type { CliContext } from "./start.ts";

/** `codexd log verify | reset`. Exit 0 = sound or done, 1 = damaged or failed, 64 = wrong usage. */
export const log = async (cli: CliContext, [verb, ...rest]: readonly string[]): Promise<void> => {
  const run = verb === undefined ? undefined : VERBS[verb];
  if (run === undefined || rest.length > 0) {
    cli.printError("usage: codexd log verify | codexd log reset");
    return cli.exit(EXIT.usage);
  }
  try {
    cli.exit(await run(cli, readConfig()));
  } catch (error) {
    cli.printError(`codexd log ${verb}: ${error instanceof Error ? error.message : String(error)}`);
    cli.exit(EXIT.failed);
  }
};

/** Reads every byte and says what is damaged. Changes nothing; a running codexd need not stop for it. */
const verify = async (cli: CliContext, config: Config): Promise<number> => {
  const report = await verifyLog(config.logsDir);
  cli.print(`${report.records} records in ${report.segments.length} segments, log ${report.logId ?? "unknown"}`);
  if (report.tornBytes > 0)
    cli.print(`the last line is unfinished (${report.tornBytes} bytes): the next start cuts it`);
  for (const { file, offset, fault } of report.damage) cli.printError(`${file}: byte ${offset}: ${fault}`);
  if (report.damage.length > 0) cli.printError("damaged; `codexd log reset` sets it aside and begins a new log");
  return report.damage.length > 0 ? EXIT.failed : EXIT.ok;
};

/** Sets the log and everything derived from it aside, so that the next start begins a new log. Deletes nothing. */
const reset = async (cli: CliContext, config: Config): Promise<number> => {
  const lock = acquireLock(path.join(config.stateDir, "lock"), { holder: "codexd log reset" });
  try {
    const aside = path.join(config.logsDir, `set-aside-${new Date().toISOString().replaceAll(":", "-")}`);
    ensurePrivateDir(aside);
    const moved = [
      ...moveAside(config.logsDir, aside, (name) => name.startsWith("events")),
      ...moveAside(config.stateDir, aside, (name) => /^(session|run|approval)-registry\.json/.test(name)),
    ];
    cli.print(
      `${moved.length} files moved to ${aside}; sessions known until now are no longer listed, Codex still has its threads`,
    );
    return EXIT.ok;
  } finally {
    lock.release();
  }
};

const moveAside = (from: string, to: string, wanted: (name: string) => boolean): string[] => {
  const names = fs.readdirSync(from).filter(wanted);
  for (const name of names) fs.renameSync(path.join(from, name), path.join(to, name));
  return names;
};

const VERBS: Readonly<Record<string, (cli: CliContext, config: Config) => Promise<number>>> = { verify, reset };

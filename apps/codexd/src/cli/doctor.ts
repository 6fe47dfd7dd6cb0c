import { ConfigError, EXIT, fail, type Finding, findingLines, ok, verdict, warn, worst } from "@baa/process";
import { type Config, readConfig, unknownSettings } from "../config.ts";
import { type CliContext, printResult } from "./cli-context.ts";
import { checkCodexHome } from "./doctor/codex-home.ts";
import { checkCodex } from "./doctor/codex.ts";
import { checkDaemon } from "./doctor/daemon.ts";
import { checkPrivateFiles } from "./doctor/private-files.ts";
import { checkStorage } from "./doctor/storage.ts";
import { findDaemon } from "./daemon.ts";

/** `codexd doctor`: looks at everything, changes nothing. Exit 0 when nothing failed, else 1. */
export const doctor = async (cli: CliContext): Promise<number> => {
  const findings: Finding[] = [];
  const show = (found: readonly Finding[]): void => {
    findings.push(...found);
    if (!cli.json) for (const finding of found) cli.print(findingLines(finding));
  };
  const config = settings(show);
  if (config !== undefined) for (const check of checksOf(cli, config)) show(await check());
  const status = worst(findings);
  printResult(cli, { status, findings }, ["", verdict(findings)]);
  return status === "fail" ? EXIT.failed : EXIT.ok;
};

const checksOf = (cli: CliContext, config: Config): (() => Promise<Finding[]>)[] => [
  async () => checkPrivateFiles(config),
  () => attempt("codex binary", () => checkCodex(config, { probe: cli.options["no-probe"] !== true })),
  () => attempt("CODEX_HOME", () => checkCodexHome(config)),
  () => attempt("daemon", () => checkDaemon(config, findDaemon(config))),
  () => attempt("log", () => checkStorage(config)),
];

/** A look that cannot be taken is a finding too. */
const attempt = async (check: string, look: () => Promise<Finding[]>): Promise<Finding[]> => {
  try {
    return await look();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [fail(check, `it could not be looked at: ${message}`, "run doctor as the service's user")];
  }
};

const settings = (show: (findings: readonly Finding[]) => void): Config | undefined => {
  try {
    const config = readConfig();
    const unknown = unknownSettings();
    show([
      unknown.length === 0
        ? ok("settings", "all are good")
        : warn("settings", `not settings of codexd: ${unknown.join(", ")}`, "correct the names, or unset them"),
    ]);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    show([
      fail(
        "settings",
        error.problems.join("; "),
        "correct them; `codexd config` prints all. Nothing else was looked at",
      ),
    ]);
    return undefined;
  }
};

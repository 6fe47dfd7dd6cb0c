import { ConfigError, EXIT } from "@baa/process";
import { type Config, readConfig, readSettings, type Setting, unknownSettings } from "../config.ts";
import { type CliContext, printResult } from "./cli-context.ts";

interface ShownSetting extends Setting {
  readonly problem?: string;
}

/** `codexd config`: every setting, its value and its source. Exit 0 = all good, 78 = some are wrong. */
export const showConfig = async (cli: CliContext): Promise<number> => {
  const { config, problems } = tryRead();
  const settings = readSettings().map((setting) => shown(setting, config, problems));
  const unknown = unknownSettings();
  const childEnv = config === undefined ? [] : Object.keys(config.childEnv).sort();
  printResult(cli, { settings, childEnv, unknown, problems }, [
    ...table(settings),
    ...(childEnv.length === 0 ? [] : ["", `The child sees only: ${childEnv.join(", ")}`]),
    ...(unknown.length === 0 ? [] : ["", `Not settings of codexd (typing errors?): ${unknown.join(", ")}`]),
  ]);
  if (problems.length === 0) return EXIT.ok;
  if (!cli.json) for (const problem of problems) cli.printError(`wrong: ${problem}`);
  return EXIT.config;
};

const tryRead = (): { config?: Config; problems: readonly string[] } => {
  try {
    return { config: readConfig(), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems };
  }
};

/** What a setting without a default of its own comes to. */
const DERIVED: Readonly<Record<string, (config: Config) => string | undefined>> = {
  BAA_CODEXD_REPO_ROOT: (config) => config.repoRoot,
  BAA_CODEXD_SERVER_CWD: (config) => config.childCwd,
  BAA_STATE_DIR: (config) => config.runtimeDirs[0],
  BAA_LOGS_DIR: (config) => config.runtimeDirs[1],
  BAA_TMP_DIR: (config) => config.tmpDir,
  BAA_RUNS_DIR: (config) => config.runtimeDirs[3],
  BAA_WORKTREES_DIR: (config) => config.runtimeDirs[4],
  BAA_CODEXD_STATE_DIR: (config) => config.stateDir,
  BAA_CODEXD_LOGS_DIR: (config) => config.logsDir,
  BAA_POLICY_FILE: (config) => config.policyFile,
  CODEX_HOME: (config) => config.codexHome,
  HOME: (config) => config.homeDir,
};

const shown = (setting: Setting, config: Config | undefined, problems: readonly string[]): ShownSetting => {
  const problem = problems.find((text) => text.startsWith(`${setting.name}:`));
  const derived = setting.source === "default" && config !== undefined ? DERIVED[setting.name]?.(config) : undefined;
  return {
    ...setting,
    value: derived ?? setting.value,
    ...(problem === undefined ? {} : { problem: problem.slice(setting.name.length + 2) }),
  };
};

const table = (settings: readonly ShownSetting[]): string[] => {
  const width = Math.max(...settings.map(({ name }) => name.length));
  return settings
    .map(({ name, value, source, problem }) => {
      const mark = problem === undefined ? (source === "environment" ? "*" : " ") : "!";
      return `${mark} ${name.padEnd(width)}  ${value || "(none)"}${problem === undefined ? "" : `  <- ${problem}`}`;
    })
    .concat("", "* = from the environment, ! = wrong, the others are defaults");
};

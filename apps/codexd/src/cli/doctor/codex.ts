import fs from "node:fs";
import path from "node:path";
import { CLIENT_METHODS, GENERATED_FROM_CODEX, resolveCodexCommand } from "@baa/codex-app-server";
import { fail, type Finding, ok, warn } from "@baa/process";
import { DamagedFileError, readChecked } from "@baa/storage";
import type { Config } from "../../config.ts";
import { isOlder } from "../../runtime/codex-versions.ts";
import { askCodex, CodexNotStartedError, readMethods } from "../ask-codex.ts";

/** The binary, its version, and whether it takes every method that codexd sends. */
export const checkCodex = async (config: Config, o: { probe: boolean }): Promise<Finding[]> => {
  if (config.external)
    return [ok("codex binary", "external: codexd connects to an app-server that somebody else starts")];
  const found = binary(config);
  if (found.status === "fail" || !o.probe) return [found];
  return [found, ...(await probe(config))];
};

const binary = ({ command, childEnv }: Config): Finding => {
  const check = "codex binary";
  const resolved = resolveCodexCommand(command, childEnv);
  const file = fileOf(resolved.command, childEnv["PATH"] ?? "");
  if (file === undefined) {
    const next = "install it (`npm install -g @openai/codex`), or set BAA_CODEXD_SERVER_COMMAND to its path";
    return fail(check, `${command} is not there, or cannot be executed`, next);
  }
  if (!resolved.native && path.basename(file) === "codex.js") {
    const next = "install the package of this platform, or set BAA_CODEXD_SERVER_COMMAND to the native binary";
    return warn(check, `${file} is npm's wrapper, and its native binary is missing`, next);
  }
  const how = resolved.native ? `${command} is npm's wrapper; its native binary is started: ${file}` : file;
  return ok(check, how, { command: file, native: resolved.native });
};

/** The executable that would be started. */
const fileOf = (command: string, searchPath: string): string | undefined => {
  const candidates = command.includes("/")
    ? [command]
    : searchPath.split(path.delimiter).map((dir) => path.join(dir, command));
  return candidates.find(isExecutable);
};

const isExecutable = (file: string): boolean => {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    // Not there, or not for us.
    return false;
  }
};

const probe = async (config: Config): Promise<Finding[]> => {
  try {
    const answer = await askCodex({ config }, async (codex) => ({
      version: codex.version,
      methods: await readMethods(codex),
    }));
    return [versionFinding(config, answer.version), methodsFinding(answer.version, answer.methods)];
  } catch (error) {
    if (!(error instanceof CodexNotStartedError)) throw error;
    const next = "run the command by hand, with CODEX_HOME set to an empty directory, and read what it says";
    return [fail("codex start", `it does not start: ${error.message}`, next)];
  }
};

const versionFinding = (config: Config, version: string): Finding => {
  const check = "codex version";
  const newest = newestSeen(config);
  if (newest !== undefined && !config.allowDowngrade && isOlder(version, newest)) {
    const next = `install ${newest} or newer, or set BAA_CODEXD_ALLOW_DOWNGRADE=1 to use ${version} all the same`;
    return fail(check, `${version} is older than ${newest}, which ran on ${config.codexHome} before`, next);
  }
  const details = { version, pinned: GENERATED_FROM_CODEX };
  if (version === GENERATED_FROM_CODEX)
    return ok(check, `${version}, the one that codexd was made and tested with`, details);
  return warn(
    check,
    `${version}; codexd was made and tested with ${GENERATED_FROM_CODEX}`,
    `install ${GENERATED_FROM_CODEX} (\`npm install -g @openai/codex@${GENERATED_FROM_CODEX}\`), or try this one before you rely on it`,
    details,
  );
};

/** The newest version that ran on this CODEX_HOME, as the daemon wrote it down. */
const newestSeen = ({ stateDir, codexHome }: Config): string | undefined => {
  try {
    const file = path.join(stateDir, "codex-versions.json");
    return readChecked<{ homes: Record<string, { highest: string }> }>(file)?.value.homes[codexHome]?.highest;
  } catch (error) {
    // The daemon moves a damaged one aside and learns it again; nothing here depends on it.
    if (error instanceof DamagedFileError) return undefined;
    throw error;
  }
};

const methodsFinding = (version: string, methods: readonly string[] | undefined): Finding => {
  const check = "codex protocol";
  if (methods === undefined) {
    const next = "compare the versions by hand; codexd asks by a method that does not exist";
    return warn(check, `Codex ${version} does not list its methods, so they could not be compared`, next);
  }
  const missing = CLIENT_METHODS.filter((method) => !methods.includes(method));
  if (missing.length === 0) return ok(check, `all ${CLIENT_METHODS.length} methods that codexd sends are there`);
  return fail(
    check,
    `Codex ${version} lacks ${missing.length} of the ${CLIENT_METHODS.length} methods that codexd sends: ${missing.join(", ")}`,
    `install Codex ${GENERATED_FROM_CODEX}, or a codexd made for ${version}`,
    { missing },
  );
};
